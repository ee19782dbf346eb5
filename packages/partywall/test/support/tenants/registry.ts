/** The catalog, the lifecycle and the migrations on one database, wired as createTenancy does it, for the tests of these rooms. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Catalog } from '../../../src/catalog/catalog.ts'
import type { Domains } from '../../../src/catalog/domains/domains.ts'
import type { Tenants } from '../../../src/catalog/tenants/tenants.ts'
import type { OpenDatabase } from '../../../src/database/open-database.ts'
import type { NewTenant } from '../../../src/lifecycle/new-tenant.ts'
import { provision } from '../../../src/lifecycle/provision.ts'
import { Migrations } from '../../../src/migrations/run/run.ts'
import type { Config } from '../../../src/config/config.ts'
import { resolveOptions } from '../../../src/config/options.ts'
import { openRooms } from '../../../src/tenancy-rooms.ts'
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
  const rooms = openRooms<any>(options)
  const { database, catalog, tenants, domains } = rooms
  return {
    database,
    catalog,
    tenants,
    domains,
    migrations: new Migrations(async () => ({ ...rooms, ...(await rooms.forWork()) }), catalog.deploy),
    create: async (input) => provision<any>({ ...rooms, ...(await rooms.forWork()) }, input),
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
