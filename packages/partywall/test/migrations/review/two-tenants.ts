/** Two tenants that are made one after the other by the migrations of a source: what is right for the first one must be so for the second. */
import { Client } from 'pg'
import { onTestFinished } from 'vitest'
import type { MigrationSource } from '../../../src/ports/migration-source.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { registryForTest, type Registry } from '../../support/tenants/registry.ts'

export interface TwoTenants extends Registry {
  rows(text: string): Promise<any[]>
  /** Creates the tenants `acme` and `globex`. */
  createBoth(): Promise<void>
}

/** @param before SQL that runs on the database before */
export async function twoTenants(
  tenant: MigrationSource | Record<string, MigrationSource>,
  before = '',
  shared: MigrationSource | false = false,
): Promise<TwoTenants> {
  const { url } = await testDatabase()
  const admin = new Client(url)
  await admin.connect()
  onTestFinished(() => admin.end())
  await admin.query(before)
  const registry = registryForTest(url, { migrations: { tenant, shared, shadowed: ['books'] } })
  return {
    ...registry,
    rows: async (text) => (await admin.query(text)).rows,
    createBoth: async () => {
      for (const schema of ['acme', 'globex']) await registry.create({ schema })
    },
  }
}
