import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { knex } from 'knex'
import { describe, expect, test } from 'vitest'
import { knexMigrations } from '../../../src/orm/knex.ts'
import { sourceContract } from '../../contract/migration-source.ts'
import { testDatabase } from '../../support/servers/database.ts'
import { copyOfFixture, fixture, toolFolder } from '../../support/migrations/fixtures.ts'
import { registryForTest } from '../../support/tenants/registry.ts'
import { tenantOf } from '../../support/tenants/tenant-of-source.ts'

sourceContract('Knex', {
  folder: 'knex-3.3.0/migrations',
  entry: ['partywall/knex', 'knexMigrations'],
  source: (folder) => knexMigrations(folder),
  names: ['20261121070138_init.js', '20261121070140_pages.ts'],
  withDown: ['20261121070138_init.js', '20261121070140_pages.ts'],
  hasLines: false,
  table: 'knex_migrations',
  leaks: [],
  async add(folder, sql) {
    const name = '20261122000000_added.js'
    const text = `exports.up = (knex) => knex.raw(${JSON.stringify(sql)})\nexports.down = () => Promise.resolve()\n`
    await writeFile(join(folder, name), text)
    return { name, file: join(folder, name) }
  },
  async migrate(folder, { url, schema }) {
    const db = knex({ client: 'pg', connection: url, searchPath: [schema, 'public'], log: { warn: () => {} } })
    await db.migrate.latest({
      schemaName: schema,
      // Knex itself would `require` the files, which in a package that is "commonjs" needs a compiler for the second.
      migrationSource: {
        getMigrations: async () => (await readdir(folder)).toSorted(),
        getMigrationName: (file: string) => file,
        getMigration: (file: string) => import(join(folder, file)),
      },
    })
    await db.destroy()
  },
})

describe('knexMigrations', () => {
  test('turns transactions into savepoints, and sees only the tables of its tenant', async () => {
    const folder = await toolFolder({
      '1.js': `exports.up = async (knex) => {
        if (await knex.schema.hasTable('x')) throw new Error('that of another schema')
        await knex.schema.createTable('x', (t) => { t.integer('n') })
        if (!(await knex.schema.hasTable('x'))) throw new Error('its own')
        if (Object.keys(await knex('x').columnInfo()).join() !== 'n') throw new Error('columns')
        await knex.transaction((trx) => trx('x').insert({ n: 1 }))
        await knex.transaction(async (trx) => { await trx('x').insert({ n: 2 }); throw new Error('undo') }).catch(() => {})
        await knex.transaction(async (trx) => {
          await trx.transaction((inner) => inner('x').insert({ n: 3 }))
          await trx.transaction((inner) => inner('x').insert({ n: 'none' })).catch(() => {})
        })
        await Promise.all([4, 5].map((n) => knex('x').insert({ n })))
      }`,
    })
    const { createTenant, rows } = await tenantOf(knexMigrations(folder), 'create table x (other text)', {
      migrations: { shadowed: ['x'] },
    })
    await createTenant()
    expect((await rows('select n from a.x order by n')).map(({ n }) => n)).toEqual([1, 3, 4, 5])
  })

  test('runs a migration without a transaction outside of one; for a new tenant, in the transaction that creates the tenant', async () => {
    const folder = await toolFolder({ '1.js': `exports.up = (knex) => knex.schema.createTable('x', (t) => t.integer('n'))` })
    const { url } = await testDatabase()
    const { create, migrations } = registryForTest(url, { migrations: { tenant: knexMigrations(folder), shared: false } })
    await create({ schema: 'early' })
    await writeFile(
      join(folder, '2.js'),
      `exports.config = { transaction: false }\nexports.up = (knex) => knex.raw('create index concurrently x_n on x (n)')`,
    )
    await writeFile(
      join(folder, '3.ts'),
      `export const config = { transaction: true }\nexport const up = async (): Promise<void> => {}`,
    )
    expect((await knexMigrations(folder).list()).map(({ transaction }) => transaction)).toEqual([undefined, false, undefined])
    expect(await migrations.run({ tenants: true })).toMatchObject({ ok: true, entries: [{ applied: ['2.js', '3.ts'] }] })
    await create({ schema: 'late' })
    expect(await migrations.check()).toBe(true)
  })

  test('refuses the end of a transaction that is not its own', async () => {
    const folder = await toolFolder({ '1.js': `exports.up = (knex) => knex.raw('commit')` })
    await expect((await tenantOf(knexMigrations(folder))).createTenant()).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringContaining('COMMIT'),
    })
  })

  test('refuses to change the shared schema', async () => {
    const folder = await toolFolder({
      '1.js': `exports.up = (knex) => knex.schema.withSchema('public').alterTable('plans', (t) => { t.text('x') })`,
    })
    await expect((await tenantOf(knexMigrations(folder), 'create table plans (id int)')).createTenant()).rejects.toThrow(
      /1\.js sends a change to plans, which the tenant does not have/,
    )
  })

  test('imports the history from the table that `tableName` names', async () => {
    const folder = await copyOfFixture('knex-3.3.0/migrations')
    const { admin, createTenant, rows, url } = await tenantOf(knexMigrations(await toolFolder({})))
    await createTenant()
    await admin.query(`
      create table a.history (id serial primary key, name text, batch int, migration_time timestamptz);
      insert into a.history (name) values ('20261121070138_init.js'), ('20261121070140_pages.ts')`)
    const source = knexMigrations(folder, { tableName: 'history' })
    const { migrations } = registryForTest(url, { migrations: { tenant: source, shared: false } })
    expect(await migrations.run({ tenants: true })).toMatchObject({ ok: true, entries: [{ applied: [] }] })
    expect(await rows('select count(*)::int as count from a.partywall_migrations')).toEqual([{ count: 2 }])
  })

  test('refuses a history with a gap', async () => {
    const { admin, createTenant, url } = await tenantOf(knexMigrations(await toolFolder({})))
    await createTenant()
    await admin.query(`
      create table a.knex_migrations (id serial primary key, name text, batch int, migration_time timestamptz);
      insert into a.knex_migrations (name) values ('20261121070140_pages.ts')`)
    const source = knexMigrations(fixture('knex-3.3.0/migrations'))
    const { migrations } = registryForTest(url, { migrations: { tenant: source, shared: false } })
    expect((await migrations.run({ tenants: true })).entries[0]).toMatchObject({
      error: { code: 'MIGRATION_CHANGED', details: { problem: 'reordered', name: '20261121070138_init.js' } },
    })
    expect((await admin.query('select name from a.partywall_migrations')).rows).toEqual([])
  })
})
