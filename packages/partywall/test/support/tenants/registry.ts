/** The catalog, the lifecycle and the migrations on one database, wired as createTenancy does it, for the tests of these rooms. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Catalog } from '../../../src/catalog/catalog.ts'
import { Access } from '../../../src/catalog/roles/access.ts'
import { Domains } from '../../../src/catalog/domains/domains.ts'
import { Tenants } from '../../../src/catalog/tenants/tenants.ts'
import { OpenDatabase } from '../../../src/database/open-database.ts'
import { provision, type NewTenant } from '../../../src/lifecycle/provision.ts'
import { Migrations } from '../../../src/migrations/run/run.ts'
import { migrationSources } from '../../../src/migrations/sources/sources.ts'
import type { Config } from '../../../src/config/config.ts'
import { resolveOptions } from '../../../src/config/options.ts'
import { Events } from '../../../src/events.ts'
import { Scope } from '../../../src/scope/scope.ts'
import type { Tenant } from '../../../src/types.ts'

export interface Registry {
  readonly database: OpenDatabase
  readonly catalog: Catalog
  readonly tenants: Tenants<any>
  readonly domains: Domains<any>
  readonly migrations: Migrations<any>
  create(input: NewTenant<any>): Promise<Tenant<any>>
  close(): Promise<void>
}

/** Opens them without the cache of tenants, unless the test sets `tenantCacheMs`, and without migrations, unless it sets `root` or `migrations`. */
export function openRegistry(url: string, config: Config<any> = {}): Registry {
  const none = config.root === undefined ? { migrations: { shared: false, tenant: false } as const } : {}
  const options = resolveOptions({ tenantCacheMs: 0, ...none, ...config, database: url })
  const database = new OpenDatabase(options, new Scope())
  const access = new Access(database, options, options.deploy === undefined)
  const catalog = new Catalog({ database, deploy: database.deploy, access, sharedSchema: options.sharedSchema })
  const events = new Events<any>()
  const tenants = new Tenants<any>(catalog, options, events, (watch) => database.watch(watch))
  const domains = new Domains<any>(catalog, tenants, events)
  const sources = migrationSources(options)
  const parts = { catalog, access, tenants, domains, sources, options, events }
  return {
    database,
    catalog,
    tenants,
    domains,
    migrations: new Migrations(parts, catalog.deploy),
    create: (input) => provision<any>(parts, input),
    close: () => database.close(),
  }
}

/** The same, closed when the test has ended. */
export function registryForTest(url: string, config: Config<any> = {}): Registry {
  const registry = openRegistry(url, config)
  onTestFinished(() => registry.close())
  return registry
}

/**
 * Creates a temporary folder with these files, by path; it is deleted when the test has ended. With files in one of the
 * default folders of migrations it has the other one, too, as after `partywall init`.
 */
export async function folderForTest(files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'partywall-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  if (Object.keys(files).some((path) => path.startsWith('migrations/'))) {
    for (const scope of ['shared', 'tenant']) await mkdir(join(folder, 'migrations', scope), { recursive: true })
  }
  await writeFiles(folder, files)
  return folder
}

export async function writeFiles(folder: string, files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}
