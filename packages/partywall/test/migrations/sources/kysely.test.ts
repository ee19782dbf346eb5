import { promises as fs } from 'node:fs'
import * as path from 'node:path'
import { Kysely, PostgresDialect } from 'kysely'
import { FileMigrationProvider, Migrator } from 'kysely/migration'
import { Pool } from 'pg'
import { describe, expect, test } from 'vitest'
import { kyselyMigrations } from '../../../src/orm/kysely.ts'
import { sourceContract } from '../../contract/migration-source.ts'
import { toolFolder } from '../../support/migrations/fixtures.ts'
import { registryForTest } from '../../support/tenants/registry.ts'
import { tenantOf } from '../../support/tenants/tenant-of-source.ts'

sourceContract('Kysely', {
  folder: 'kysely-0.29.9/migrations',
  entry: ['partywall/kysely', 'kyselyMigrations'],
  source: (folder) => kyselyMigrations(folder),
  names: ['2026_11_21_0701_init', '2026_11_21_0702_pages'],
  withDown: ['2026_11_21_0701_init', '2026_11_21_0702_pages'],
  hasLines: false,
  table: 'kysely_migration',
  lock: '3853314791062309107',
  leaks: [],
  async add(folder, sql) {
    const name = '2026_11_22_0000_added'
    const file = path.join(folder, `${name}.ts`)
    const text = `import { CompiledQuery, type Kysely } from 'kysely'
export async function up(db: Kysely<any>): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(${JSON.stringify(sql)}))
}
`
    await fs.writeFile(file, text)
    return { name, file }
  },
  async migrate(folder, { url, schema }) {
    const pool = new Pool({ connectionString: url, options: `-c search_path=${schema},public` })
    const db = new Kysely<any>({ dialect: new PostgresDialect({ pool }) })
    const provider = new FileMigrationProvider({ fs, path, migrationFolder: folder, import: (file) => import(file) })
    const { error } = await new Migrator({ db, provider, migrationTableSchema: schema }).migrateToLatest()
    await db.destroy()
    if (error !== undefined) throw error
  },
})

const hello = `import { sql } from 'kysely'\n`

describe('kyselyMigrations', () => {
  test('turns a transaction into a savepoint, and undoes what is rolled back', async () => {
    const folder = await toolFolder({
      '1.ts': `${hello}export async function up(db) {
        await db.schema.createTable('x').addColumn('n', 'integer').execute()
        const insert = (trx, n) => trx.insertInto('x').values({ n }).execute()
        await db.transaction().execute((trx) => insert(trx, 1))
        await db.transaction().setIsolationLevel('serializable').execute(async (trx) => { await insert(trx, 2); throw new Error('undo') }).catch(() => {})
        const trx = await db.startTransaction().execute()
        await insert(trx, 3)
        const inner = await trx.savepoint('inner').execute()
        await insert(inner, 4)
        await inner.rollbackToSavepoint('inner').execute()
        await trx.commit().execute()
        await insert(db, 5)
      }`,
    })
    const { createTenant, rows } = await tenantOf(kyselyMigrations(folder))
    await createTenant()
    expect(await rows('select n from x order by n')).toEqual([{ n: 1 }, { n: 3 }, { n: 5 }])
  })

  test('runs a migration outside of a transaction that says so, and gives it transactions of its own', async () => {
    const folder = await toolFolder({
      '1.ts': `${hello}export async function up(db) { await sql\`create table x (n int)\`.execute(db) }`,
      '2.ts': `${hello}export const config = { transaction: false }
      export async function up(db) {
        await sql\`create index concurrently on x (n)\`.execute(db)
        await db.transaction().execute((trx) => sql\`insert into x values (1)\`.execute(trx))
      }`,
    })
    const source = kyselyMigrations(folder)
    expect((await source.list()).map(({ transaction }) => transaction)).toEqual([undefined, false])
    const { migrations, createTenant, rows, url } = await tenantOf(
      kyselyMigrations(folder, { filter: (file) => file === '1.ts' }),
    )
    await createTenant()
    const { migrations: later } = registryForTest(url, { migrations: { tenant: source, shared: 'none' } })
    expect(await later.run({ tenants: true })).toMatchObject({ ok: true, entries: [{ applied: ['2'] }] })
    expect(await rows('select n from x')).toEqual([{ n: 1 }])
    expect(await migrations.status({ tenants: true })).toHaveLength(1)
  })

  test('keeps nothing of a migration that fails after a transaction of its own', async () => {
    const folder = await toolFolder({
      '1.ts': `${hello}export async function up(db) {
        await db.transaction().execute((trx) => sql\`create table x ()\`.execute(trx))
        throw new RangeError('no')
      }`,
    })
    const { createTenant, rows } = await tenantOf(kyselyMigrations(folder))
    await expect(createTenant()).rejects.toMatchObject({ code: 'MIGRATION_FAILED', cause: { message: 'no' } })
    expect(await rows(`select to_regclass('a.x')::text as x`)).toEqual([{ x: null }])
  })

  test('lists modules of every kind in the order of their names, and ignores what no tool reads', async () => {
    const folder = await toolFolder({
      '2_b.mjs': 'export default { up: async () => {}, down: async () => {} }',
      '10_a.cjs': 'exports.up = async () => {}',
      '3_c.mts': 'export const up = async (db: unknown): Promise<void> => {}',
      '4_d.d.ts': 'export {}',
      '4_d.js.map': '{}',
      'README.md': '',
      'helpers/x.ts': 'throw new Error()',
    })
    const listed = await kyselyMigrations(folder).list()
    expect(listed.map(({ name, down }) => [name, down !== undefined])).toEqual([
      ['10_a', false],
      ['2_b', true],
      ['3_c', false],
    ])
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['a module without up', { '1.ts': 'export const down = 1' }, /1\.ts exports no function `up`/],
    [
      'two files of one name',
      { '1.ts': 'export const up = () => {}', '1.js': 'exports.up = () => {}' },
      /has the same name, .*, as the migration/,
    ],
    ['a file that no tool reads', { '1.sql': 'select 1' }, /1\.sql is no migration that this tool reads/],
    ['an empty file', { '1.ts': '' }, /is empty/],
    [
      'a top level that throws',
      { '1.ts': `throw new Error('no luck')` },
      /cannot be imported: no luck\. Its top level must run without a database/,
    ],
    ['an import that leads nowhere', { '1.ts': `import './helpers'\nexport const up = () => {}` }, /cannot be imported/],
  ])('refuses %s', async (_, files, message) => {
    const listing = kyselyMigrations(await toolFolder(files)).list()
    await expect(listing).rejects.toThrow(message)
    await expect(listing).rejects.toMatchObject({ code: 'INVALID_MIGRATION', details: { file: expect.any(String) } })
  })

  test('refuses a statement that changes the shared schema, by name, when it is sent', async () => {
    for (const [statement, message] of [
      [
        `db.withSchema('public').schema.alterTable('plans').addColumn('x', 'text').execute()`,
        /1\.ts sends a change to plans, which the tenant does not have/,
      ],
      [`db.withSchema('public').insertInto('plans').values({ id: 1 }).execute()`, /a change to plans, which/],
      [`sql\`create extension if not exists hstore\`.execute(db)`, /1\.ts sends create extension/],
      [`sql\`set search_path to other\`.execute(db)`, /sets the search path/],
      [`db.schema.createSchema('other').execute()`, /create schema/],
    ] as const) {
      expect({ statement, ...(await refused(statement)) }).toMatchObject({
        code: 'MIGRATION_FAILED',
        message: expect.stringMatching(message),
      })
    }
  })

  test('reads a shared table, and removes "public." in front of what is in the tenant’s own schema', async () => {
    const folder = await toolFolder({
      '1.ts': `${hello}export async function up(db) {
        await sql\`create table public.x (id int); create index on public.x (id)\`.execute(db)
        await db.withSchema('public').schema.alterTable('x').addColumn('plan', 'integer', (col) => col.references('plans.id')).execute()
        await sql\`insert into x (plan) select id from "public"."plans"\`.execute(db)
      }`,
    })
    const shared = 'create table plans (id int primary key); insert into plans values (7)'
    const { createTenant, rows } = await tenantOf(kyselyMigrations(folder), shared)
    await createTenant()
    expect(await rows('select plan from a.x')).toEqual([{ plan: 7 }])
    expect(await rows(`select to_regclass('public.x')::text as x`)).toEqual([{ x: null }])
  })

  test('leaves out an extension that the shared migrations create', async () => {
    const folder = await toolFolder({
      '1.ts': `${hello}export const up = (db) => sql\`create extension if not exists citext\`.execute(db)`,
    })
    const { createTenant, rows } = await tenantOf(kyselyMigrations(folder, { extensions: 'shared' }), 'create extension citext')
    await createTenant()
    expect(await rows(`select 1 from pg_type where typname = 'citext' and typnamespace = 'a'::regnamespace`)).toEqual([])
  })

  test('refuses a stream', async () => {
    const folder = await toolFolder({
      '1.ts': `${hello}export async function up(db) { for await (const row of db.selectFrom('pg_class').selectAll().stream()) {} }`,
    })
    await expect((await tenantOf(kyselyMigrations(folder))).createTenant()).rejects.toMatchObject({ code: 'MIGRATION_FAILED' })
  })
})

/** The error of a migration with this statement. */
async function refused(statement: string): Promise<{ code?: unknown; message?: unknown }> {
  const folder = await toolFolder({ '1.ts': `${hello}export const up = (db) => ${statement}` })
  const { createTenant } = await tenantOf(kyselyMigrations(folder), 'create table plans (id int); create extension citext')
  const { code, message } = await createTenant().then(
    () => ({ code: 'nothing', message: '' }),
    (error: { code: unknown; message: unknown }) => error,
  )
  return { code, message }
}
