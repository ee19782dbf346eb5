/**
 * Creates a tenant with the migrations of another tool, in a Node.js without Vitest, which would compile the files.
 * @example node --conditions=@partywall/source migrate-plainly.ts partywall/knex knexMigrations <folder> null <url>
 */
import { createTenancy } from 'partywall'

const [module, name, folder, options, url] = process.argv.slice(2) as [string, string, string, string, string]
const entry = (await import(module)) as Record<string, (folder: string, options?: object) => any>
const source = entry[name]!(folder, JSON.parse(options) ?? undefined)
const tenancy = createTenancy({ database: url, migrations: { tenant: source, shared: false } })
await tenancy.tenants.create({ schema: 'plain' })
const [status] = await tenancy.migrations.status({ tenants: true })
const names = ((await source.list()) as { name: string }[]).map((migration) => migration.name)
process.stdout.write(JSON.stringify({ names, head: status!.head }))
await tenancy.close()
