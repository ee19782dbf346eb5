/** Several tenants in a database of their own, and functions that read what the migrations did to them. */
import { Client } from 'pg'
import { onTestFinished } from 'vitest'
import type { MigrationsOptions } from '../../../src/config/config.ts'
import { folderForTest, registryForTest, type Registry } from '../../support/tenants/registry.ts'
import { testDatabase } from '../../support/servers/database.ts'

export interface Fleet extends Registry {
  readonly url: string
  readonly root: string
  readonly schemas: readonly string[]
  /** A client without a tenant, to read and to disturb what a test is about. */
  readonly admin: Client
  rows(text: string): Promise<any[]>
}

export const pollsSql = 'create table polls (id int generated always as identity primary key, title text)'

/** A second migration: a column and an index. */
export const titlesSql =
  'alter table polls add column subtitle text default $$none$$; create index polls_subtitle on polls (subtitle)'

export async function fleetOf(
  count: number,
  files: Record<string, string> = {},
  migrations: MigrationsOptions = {},
): Promise<Fleet> {
  const { url } = await testDatabase()
  const root = await folderForTest({ 'migrations/tenant/0001_polls.sql': pollsSql, ...files })
  const registry = registryForTest(url, { root, migrations })
  const schemas = Array.from({ length: count }, (_, index) => `t${String(index + 1).padStart(3, '0')}`)
  for (const schema of schemas) await registry.create({ schema })
  const admin = new Client(url)
  admin.on('error', () => {})
  await admin.connect()
  onTestFinished(() => admin.end())
  return { ...registry, url, root, schemas, admin, rows: async (text) => (await admin.query(text)).rows }
}

/** The names in the history of each schema, in their order. */
export async function histories({ rows, schemas }: Pick<Fleet, 'rows' | 'schemas'>): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  for (const schema of schemas) {
    found[schema] = (await rows(`select name from "${schema}".partywall_migrations order by position`)).map(({ name }) => name)
  }
  return found
}

/** The schemas that hold a relation of this name. */
export async function having({ rows }: Pick<Fleet, 'rows'>, relation: string): Promise<string[]> {
  const found = await rows(
    `select nspname from pg_class join pg_namespace n on n.oid = relnamespace where relname = '${relation}' order by nspname`,
  )
  return found.map(({ nspname }) => nspname)
}
