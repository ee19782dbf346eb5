/** A process that makes one tenant, for the test that kills it: create-one.ts <url> <root> <schema> */
import { Catalog } from '../../src/catalog/catalog.ts'
import { Domains } from '../../src/catalog/domains/domains.ts'
import { Tenants } from '../../src/catalog/tenants/tenants.ts'
import { OpenDatabase } from '../../src/database/open-database.ts'
import { provision } from '../../src/lifecycle/provision.ts'
import { migrationSources } from '../../src/migrations/sources/sources.ts'
import { resolveOptions } from '../../src/config/options.ts'
import { Scope } from '../../src/scope/scope.ts'

const [database, root, schema] = process.argv.slice(2) as [string, string, string]
const options = resolveOptions({ database, root })
const catalog = new Catalog(new OpenDatabase(options, new Scope()), options)
const tenants = new Tenants(catalog, options)
await provision(
  { catalog, tenants, domains: new Domains(catalog, tenants), sources: migrationSources(options), options },
  { schema, domains: [`${schema}.example.com`] },
)
