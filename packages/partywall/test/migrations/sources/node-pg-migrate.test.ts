import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runner } from 'node-pg-migrate'
import { describe, expect, test } from 'vitest'
import { nodePgMigrateMigrations } from '../../../src/orm/node-pg-migrate.ts'
import { sourceContract } from '../../contract/migration-source.ts'
import { toolFolder } from '../../support/migrations/fixtures.ts'
import { tenantOf } from '../../support/tenants/tenant-of-source.ts'

sourceContract('node-pg-migrate', {
  folder: 'node-pg-migrate-9.0.0/migrations',
  entry: ['partywall/node-pg-migrate', 'nodePgMigrateMigrations'],
  source: (folder) => nodePgMigrateMigrations(folder),
  names: ['1795244501255_init', '1795244502648_pages'],
  withDown: ['1795244501255_init', '1795244502648_pages'],
  hasLines: false,
  table: 'pgmigrations',
  lock: '7241865325823964',
  leaks: [],
  async add(folder, sql) {
    const name = '1795250000000_added'
    const file = join(folder, `${name}.js`)
    await writeFile(file, `export const up = (pgm) => pgm.sql(${JSON.stringify(sql)});\n\nexport const down = () => {};\n`)
    return { name, file }
  },
  async migrate(folder, { client, schema }) {
    await runner({
      dbClient: client,
      dir: folder,
      direction: 'up',
      schema: [schema, 'public'],
      migrationsTable: 'pgmigrations',
      log: () => {},
    })
  },
})

describe('nodePgMigrateMigrations', () => {
  test('reverses the up migration where there is no down migration, unless `down` is false', async () => {
    const folder = await toolFolder({
      '1_x.js': `export const up = (pgm) => { pgm.createTable('x', { id: 'id' }); pgm.createIndex('x', 'id') }`,
      '2_y.js': `export const up = () => {}\nexport const down = false`,
    })
    const source = nodePgMigrateMigrations(folder)
    const { createTenant, rows, database } = await tenantOf(source)
    await createTenant()
    const [first, second] = await source.list()
    expect(second!.down).toBeUndefined()
    const down = first!.down as { run(context: object): Promise<void> }
    await database.transaction(async (transaction) =>
      down.run({ client: { query: (text: string) => transaction.in('a').query({ text }) } }),
    )
    expect(await rows(`select to_regclass('a.x') as x`)).toEqual([{ x: null }])
  })

  test('sorts by number, shares shorthands with later files, and queries with pgm.db', async () => {
    const folder = await toolFolder({
      '2_b.js': `export const shorthands = { short: { type: 'varchar(7)' } }
        export const up = (pgm) => pgm.createTable('x', { n: 'short' })`,
      '10_c.js': `exports.up = async (pgm) => {
        const rows = await pgm.db.select({ text: 'select $1::int as n', values: [1] })
        pgm.createTable('y' + rows[0].n, { n: 'short' })
      }`,
      '11_d.js': `exports.up = (pgm, run) => setTimeout(() => { pgm.addColumns('x', { camelCase: 'int' }); run() })`,
      '1_a.sql': 'select 1',
    })
    const source = nodePgMigrateMigrations(folder, { decamelize: true })
    expect((await source.list()).map(({ name }) => name)).toEqual(['1_a', '2_b', '10_c', '11_d'])
    const { createTenant, rows } = await tenantOf(source)
    await createTenant()
    expect(
      await rows(`select table_name || '.' || column_name as name, character_maximum_length as length from information_schema.columns
        where table_schema = 'a' and table_name in ('x', 'y1') order by 1`),
    ).toEqual([
      { name: 'x.camel_case', length: null },
      { name: 'x.n', length: 7 },
      { name: 'y1.n', length: 7 },
    ])
  })

  test('reads SQL files of both kinds, with their lines', async () => {
    const folder = await toolFolder({
      '1_a.sql': '\n-- Up Migration\ncreate table x ();\n\n-- Down Migration\ndrop table x;\n',
      '2_b.sql': '--- down migration\ndrop table y;\n--- up migration\ncreate table public.y ();\n',
      '3_c.up.sql': 'create table z ();',
      '3_c.down.sql': 'drop table z;',
      '4_d.sql': 'create index concurrently on z (id)',
    })
    expect(await nodePgMigrateMigrations(folder).list()).toMatchObject([
      {
        name: '1_a',
        up: { text: '\n-- Up Migration\ncreate table x ();\n', line: 1 },
        down: { text: '\n-- Down Migration\ndrop table x;\n', line: 4 },
      },
      { name: '2_b', up: { line: 3, text: expect.stringContaining('create table public.y') }, down: { line: 1 } },
      { name: '3_c', up: { text: 'create table z ();' }, down: { text: 'drop table z;' } },
      { name: '4_d' },
    ])
  })

  test('recognizes migrations that must run outside of a transaction', async () => {
    const folder = await toolFolder({ '1_a.js': 'exports.up = (pgm) => { pgm.noTransaction() }' })
    expect(await nodePgMigrateMigrations(folder).list()).toMatchObject([{ transaction: false }])
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['a file without a number', { 'a.js': 'exports.up = () => {}' }, /does not start with a number/],
    ['a down migration alone', { '1_a.down.sql': 'select 1' }, /is a down migration without its \.up\.sql/],
    ['one name twice', { '1_a.sql': 'select 1', '1_a.js': 'exports.up = () => {}' }, /has the same name, 1_a, as the migration/],
    ['a file without up', { '1_a.js': 'exports.down = () => {}' }, /exports no function `up`/],
  ])('refuses %s', async (_, files, message) => {
    const listing = nodePgMigrateMigrations(await toolFolder(files)).list()
    await expect(listing).rejects.toThrow(message)
    await expect(listing).rejects.toMatchObject({ code: 'INVALID_MIGRATION' })
  })

  test('recognizes what belongs to the tenant in SQL files beside code', async () => {
    const folder = await toolFolder({
      '1_a.js': `exports.up = (pgm) => pgm.createTable('x', { id: 'id' })`,
      '2_b.sql':
        '-- Up Migration\nalter table public.x add column n integer;\n-- Down Migration\nalter table public.x drop column n;',
    })
    const source = nodePgMigrateMigrations(folder)
    const { createTenant, rows } = await tenantOf(source, 'create table x (other text)', {
      migrations: { tenant: source, shared: false, shadowed: ['x'] },
    })
    await createTenant()
    expect(await rows('select count(n)::int as count from a.x')).toEqual([{ count: 0 }])
    expect(await rows('select count(other)::int as count from public.x')).toEqual([{ count: 0 }])
    const alone = await toolFolder({ '2_b.sql': 'alter table public.x add column n integer' })
    const other = await tenantOf(nodePgMigrateMigrations(alone), 'create table x (other text)')
    await expect(other.createTenant()).rejects.toThrow(/line 1, changes "x".*shared schema "public"/s)
  })

  test('refuses an extension, or leaves it to the shared migrations', async () => {
    const folder = await toolFolder({
      '1_a.js': `exports.up = (pgm) => { pgm.createExtension('citext', { ifNotExists: true }); pgm.createTable('x', { c: 'int' }) }`,
    })
    await expect((await tenantOf(nodePgMigrateMigrations(folder))).createTenant()).rejects.toThrow(/sends create extension/)
    const { createTenant, rows } = await tenantOf(
      nodePgMigrateMigrations(folder, { extensions: 'shared' }),
      'create extension citext',
    )
    await createTenant()
    expect(
      await rows(
        `select 1 as one from pg_type where typname = 'citext' and typnamespace = 'a'::regnamespace union all select 2 from pg_class where oid = to_regclass('a.x')`,
      ),
    ).toEqual([{ one: 2 }])
  })
})
