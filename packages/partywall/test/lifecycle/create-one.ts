/** A process that creates one tenant, started and killed by provision.test.ts: create-one.ts <url> <root> <schema> */
import { openRegistry } from '../support/tenants/registry.ts'

const [database, root, schema] = process.argv.slice(2) as [string, string, string]
await openRegistry(database, { root }).create({ schema, domains: [`${schema}.example.com`] })
