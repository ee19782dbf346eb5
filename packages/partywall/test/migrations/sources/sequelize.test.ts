import { expect, test } from 'vitest'
import { sequelizeMigrations } from '../../../src/orm/sequelize.ts'
import { toolFolder } from '../../support/migrations/fixtures.ts'
import { registryForTest } from '../../support/tenants/registry.ts'
import { tenantOf } from '../../support/tenants/tenant-of-source.ts'

const files = {
  '1-books.js': `module.exports = {
    up: async (queryInterface, Sequelize) => {
      await queryInterface.createTable('books', {
        id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
        mood: { type: Sequelize.ENUM('calm', 'busy') },
      })
      await queryInterface.addIndex('books', ['mood'], { name: 'books_mood' })
    },
    down: async (queryInterface) => queryInterface.dropTable('books'),
  }`,
  // The idiom of guards: it looks for a column, and adds it when it is not there.
  '2-title.js': `module.exports = {
    up: async (queryInterface, Sequelize) => {
      const columns = await queryInterface.describeTable('books')
      if (columns.id?.primaryKey !== true || columns.title || columns.other) throw new Error(Object.keys(columns).join())
      await queryInterface.sequelize.transaction(async (transaction) => {
        await queryInterface.addColumn('books', 'title', { type: Sequelize.STRING }, { transaction })
        await queryInterface.bulkInsert('books', [{ title: 'kept', mood: 'busy' }], { transaction })
      })
      await queryInterface.sequelize.transaction(async (transaction) => {
        await queryInterface.bulkInsert('books', [{ title: 'undone' }], { transaction })
        throw new Error('undo')
      }).catch(() => {})
      if (!(await queryInterface.tableExists('books')) || (await queryInterface.tableExists('shared_only'))) throw new Error('exists')
      const names = (await queryInterface.showIndex('books')).map(({ name }) => name)
      if (names.join() !== 'books_mood,books_pkey') throw new Error(names.join())
      const constraints = await queryInterface.showConstraint('books')
      const foreign = await queryInterface.getForeignKeyReferencesForTable('books')
      if (constraints.some(({ tableSchema }) => tableSchema === 'public') || foreign.length > 0) throw new Error('of another schema')
      if (JSON.stringify(await queryInterface.getForeignKeysForTables(['books'])) !== '{"books":[]}') throw new Error('foreign keys')
    },
  }`,
}
/** A shared table of the same name, with the column that the second migration looks for. */
const namesake = `create type "enum_books_mood" as enum ('other'); create table authors (id int primary key); create table books (other int references authors, title text); create table shared_only ()`

test('sequelizeMigrations gives a queryInterface that sees the tenant’s own tables, in the tenant’s transaction', async () => {
  const { create, rows } = await tenantOf(sequelizeMigrations(await toolFolder(files)), namesake, {
    migrations: { shadowed: ['authors', 'books'] },
  })
  for (const schema of ['a', 'b']) await create({ schema })
  for (const schema of ['a', 'b']) {
    expect(await rows(`select title, mood::text from ${schema}.books`)).toEqual([{ title: 'kept', mood: 'busy' }])
    expect(
      await rows(
        `select atttypid::regtype::text as type from pg_attribute where attrelid = '${schema}.books'::regclass and attname = 'mood'`,
      ),
    ).toEqual([{ type: schema === 'a' ? 'enum_books_mood' : 'b.enum_books_mood' }])
  }
  expect(await rows('select * from public.books')).toEqual([])
})

test('sequelizeMigrations runs a file that creates an index concurrently outside of a transaction, as Sequelize does', async () => {
  const concurrent = {
    '3-index.js': `exports.up = async (q) => {
      await q.addIndex('books', ['id'], { name: 'books_id', concurrently: true })
      await q.sequelize.query('create index CONCURRENTLY books_both on books (id, mood)')
    }`,
  }
  const first = await tenantOf(sequelizeMigrations(await toolFolder({ '1-books.js': files['1-books.js'] })))
  await first.createTenant()
  const other = registryForTest(first.url, {
    migrations: {
      tenant: sequelizeMigrations(await toolFolder({ '1-books.js': files['1-books.js'], ...concurrent })),
      shared: false,
    },
  })
  expect(await other.migrations.run()).toMatchObject({ ok: true })
  await other.create({ schema: 'b' })
  expect(await first.rows(`select count(*)::int from pg_indexes where indexname in ('books_id', 'books_both')`)).toEqual([
    { count: 4 },
  ])
})

test('sequelizeMigrations keeps nothing of a migration that fails after a transaction of its own', async () => {
  const failing = `exports.up = async (q) => {
    await q.sequelize.transaction((transaction) => q.createTable('half', {}, { transaction }))
    await q.sequelize.query('select * from nowhere')
  }`
  const { createTenant, rows } = await tenantOf(sequelizeMigrations(await toolFolder({ '1.js': failing })))
  await expect(createTenant()).rejects.toMatchObject({ code: 'MIGRATION_FAILED', details: { name: '1.js', sqlState: '42P01' } })
  expect(await rows(`select to_regclass('a.half') as half`)).toEqual([{ half: null }])
})

test('sequelizeMigrations imports SequelizeMeta, runs in the shared schema, and calls as Umzug does when it is told to', async () => {
  const { admin, createTenant, url, migrations } = await tenantOf(sequelizeMigrations({}))
  await createTenant()
  await admin.query(
    `create table a."SequelizeMeta" (name varchar primary key); insert into a."SequelizeMeta" values ('1-books.js')`,
  )
  const tenant = sequelizeMigrations(await toolFolder(files))
  const shared = sequelizeMigrations(
    {
      'x.js': {
        up: async ({ name, context }: any) => {
          await context.createTable(name.replace('.js', ''), {})
          if (!(await context.tableExists('x'))) throw new Error('not in the shared schema')
        },
      },
    },
    { calledBy: 'umzug' },
  )
  const other = registryForTest(url, { migrations: { tenant, shared } })
  expect((await other.migrations.status({ tenants: true }))[0]).toMatchObject({ applied: 1, pending: ['2-title.js'] })
  expect(await other.migrations.run({ shared: true })).toMatchObject({ ok: true, entries: [{ applied: ['x.js'] }] })
  expect(await migrations.status({ tenants: true })).toHaveLength(1)
})
