/** A process that clones a tenant, and is killed: `clone-one.ts <url> <deploy> <root> <source> <schema>`. */
import { createTenancy } from '../../src/index.ts'

const [connectionString, deploy, root, source, schema] = process.argv.slice(2) as [string, string, string, string, string]
const tenancy = createTenancy({ root, database: { connectionString, deploy } })
await tenancy.tenants.clone(source, { schema })
await tenancy.close()
