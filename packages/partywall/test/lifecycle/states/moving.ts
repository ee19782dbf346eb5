/** A process that moves a tenant, and is killed: `moving.ts <url> <root> <call> <ref> <options as JSON>`. */
import { createTenancy } from '../../../src/index.ts'

const [database, root, call, ref, options] = process.argv.slice(2) as [
  string,
  string,
  'rename' | 'archive' | 'restore' | 'delete',
  string,
  string,
]
const tenancy = createTenancy({ database, root })
await tenancy.tenants[call](ref, JSON.parse(options))
await tenancy.close()
