/** One tenant `a` with the migrations of a given source, and a client that looks at its schema: for the tests of the sources. */
import { Client } from 'pg'
import { onTestFinished } from 'vitest'
import type { MigrationSource } from '../../../src/ports/migration-source.ts'
import type { Config } from '../../../src/config/config.ts'
import { testDatabase } from '../servers/database.ts'
import { registryForTest, type Registry } from './registry.ts'

export interface TenantOfSource extends Registry {
  readonly url: string
  /** Its search path is the schema `a`, then public. */
  readonly admin: Client
  rows(text: string): Promise<any[]>
  /** Creates the tenant. */
  createTenant(): Promise<void>
}

/** @param before SQL that runs on the database before the tenant is created */
export async function tenantOf(tenant: MigrationSource, before = '', config: Config<any> = {}): Promise<TenantOfSource> {
  const { url } = await testDatabase()
  const admin = new Client(url)
  await admin.connect()
  onTestFinished(() => admin.end())
  await admin.query(`${before}; set search_path to a, public`)
  const registry = registryForTest(url, { ...config, migrations: { tenant, shared: false, ...config.migrations } })
  return {
    ...registry,
    url,
    admin,
    rows: async (text) => (await admin.query(text)).rows,
    createTenant: async () => void (await registry.create({ schema: 'a' })),
  }
}
