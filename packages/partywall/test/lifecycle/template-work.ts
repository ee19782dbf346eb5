/** A process that creates a tenant or migrates, started and killed by templates-saved.test.ts: template-work.ts <url> <root> <work> <schema> */
import { openRegistry } from '../support/tenants/registry.ts'

const [database, root, work, schema] = process.argv.slice(2) as [string, string, string, string]
const migrations = { shared: false, tenant: { default: false, killed: 'killed' }, template: true } as const
const registry = openRegistry(database, { root, migrations })
await registry.catalog.ready()
// Loads what the work needs, so that the kill meets the work itself.
await import('../../src/migrations/run/fleet-run.ts')
await registry.migrations.status()
process.stdout.write('ready\n')
if (work === 'create') await registry.create({ schema, kind: 'killed' })
else await registry.migrations.run({ kinds: 'killed' })
await registry.close()
