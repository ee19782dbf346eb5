/** Tests in a transaction: the app and its libraries query as always, and the next test finds nothing of it. */
import { PrismaPg } from '@prisma/adapter-pg'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { knex } from 'knex'
import { Kysely } from 'kysely'
import pg from 'pg'
import { byHost, createTenancy, type Tenancy, type Tenant } from 'partywall'
import { tenantDrizzle } from 'partywall/drizzle'
import { tenantKnex } from 'partywall/knex'
import { tenantKyselyOptions } from 'partywall/kysely'
import { openTestDatabase, tenantClient, type TestTransaction } from 'partywall/testing'
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { serverUrl } from '../support/servers/database.ts'
import { project } from './project.ts'

const root = await project()
const open = (database: string): Tenancy =>
  createTenancy({ root, database, resolve: [byHost({ base: 'example.com' })], migrations: { template: true } })
const database = await openTestDatabase({ open, server: serverUrl() })
const transactions = await database.transactions({ waitMs: 500 })
const { tenancy } = transactions
const { createApp } = (await import(`${root}/app.ts`)) as { createApp: (tenancy: Tenancy) => never }
const app = createApp(tenancy)
const [a, b] = [await database.tenant({ schema: 'acme' }), await database.tenant({ schema: 'globex' })]
afterAll(() => database.close())

let transaction: TestTransaction
beforeEach(async () => void (transaction = await transactions.begin()))
afterEach(async () => {
  await transaction.rollBack()
  // On the database itself, outside of the transaction.
  for (const tenant of [a, b]) expect(await titles(tenant, database.tenancy)).toEqual([])
  expect((await database.tenancy.sharedPool.query('select name from plans')).rows).toEqual([{ name: 'free' }])
})

function titles(tenant: Tenant, of: Tenancy = tenancy): Promise<string[]> {
  return of.run(tenant, async () =>
    (await of.pool.query<{ title: string }>('select title from projects order by id')).rows.map(({ title }) => title),
  )
}

test('statements of two tenants and of the shared schema, side by side, are all undone', async () => {
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      tenancy.run(index % 2 === 0 ? a : b, () => tenancy.pool.query('insert into projects (title) values ($1)', [`p${index}`])),
    ),
  )
  await tenancy.sharedPool.query(`insert into plans values ('gold')`)
  expect((await titles(a)).toSorted()).toEqual(Array.from({ length: 10 }, (_, index) => `p${index * 2}`).toSorted())
  expect(await titles(b)).toHaveLength(10)
})

test('requests of the app are in the transaction of the test, with the transactions that it makes', async () => {
  const [acme, globex] = [tenantClient(app, tenancy, a), tenantClient(app, tenancy, 'globex')]
  expect(await acme.post('/projects', { title: 'A wall' })).toMatchObject({ status: 201 })
  expect(await acme.post('/projects', { title: 'A door', undo: true })).toMatchObject({ status: 201 })
  expect((await acme.get('/projects')).json()).toEqual([{ title: 'A wall' }])
  expect((await globex.get('/projects')).json()).toEqual([])
  expect(await acme.post('/projects', { title: 'A wall' })).toMatchObject({ status: 500 })
  await Promise.all(Array.from({ length: 10 }, (_, index) => globex.post('/projects', { title: `many ${index}` })))
  expect(await titles(b)).toHaveLength(10)
  expect(await titles(a)).toEqual(['A wall'])
})

const insertSql = (title: string) => ({
  sql: 'insert into projects (title) values ($1)',
  args: [title],
  argTypes: [{ scalarType: 'string', arity: 'scalar' } as const],
})

describe('libraries', () => {
  const projects = pgTable('projects', { id: integer().generatedAlwaysAsIdentity().primaryKey(), title: text().notNull() })

  test('Drizzle', async () => {
    const db = tenantDrizzle(tenancy, drizzle)
    await tenancy.run(a, async () => {
      await expect(
        db.transaction(async (tx) => {
          await tx.insert(projects).values({ title: 'undone' })
          throw new Error('no')
        }),
      ).rejects.toThrow('no')
      await db.transaction(async (tx) => {
        await tx.insert(projects).values({ title: 'kept' })
        await tx
          .transaction(async (inner) => {
            await inner.insert(projects).values({ title: 'undone' })
            inner.rollback()
          })
          .catch(() => {})
      })
    })
    expect(await titles(a)).toEqual(['kept'])
  })

  test('Kysely', async () => {
    const db = new Kysely<{ projects: { title: string } }>(tenantKyselyOptions(tenancy))
    await tenancy.run(a, async () => {
      await db.transaction().execute((tx) => tx.insertInto('projects').values({ title: 'kept' }).execute())
      await expect(db.insertInto('projects').values({ title: 'kept' }).execute()).rejects.toThrow('unique')
    })
    expect(await titles(a)).toEqual(['kept'])
  })

  test('Knex', async () => {
    const db = tenantKnex(tenancy, knex)
    await tenancy.run(a, async () => {
      await db.transaction((tx) => tx('projects').insert({ title: 'kept' }))
      await db
        .transaction((tx) =>
          tx('projects')
            .insert({ title: 'undone' })
            .then(() => Promise.reject(new Error('no'))),
        )
        .catch(() => {})
    })
    expect(await titles(a)).toEqual(['kept'])
    await db.destroy()
  })

  test('Prisma, by its driver adapter', async () => {
    await tenancy.run(a, async () => {
      const adapter = await new PrismaPg(tenancy.pool).connect()
      for (const [title, end] of [
        ['kept', 'commit'],
        ['undone', 'rollback'],
      ] as const) {
        const tx = await adapter.startTransaction()
        await tx.executeRaw(insertSql(title))
        if (!tx.options.usePhantomQuery) await tx.executeRaw({ sql: end, args: [], argTypes: [] })
        await tx[end]()
      }
    })
    expect(await titles(a)).toEqual(['kept'])
  })

  test('one that connects by itself, or from another process', async () => {
    const client = new pg.Client(transactions.url)
    await client.connect()
    await client.query(`insert into acme.projects (title) values ('from outside')`)
    await client.end()
    expect(await titles(a)).toEqual(['from outside'])
  })
})

test('under the boundary role each statement has the role of its tenant, and no other statement has it', async () => {
  const byRole = await openTestDatabase({
    server: serverUrl(),
    open: (url) => createTenancy({ root, database: url, boundary: 'role' }),
  })
  onTestFinished(() => byRole.close())
  const inTest = await byRole.transactions()
  const made = [await byRole.tenant(), await byRole.tenant()]
  await using _transaction = await inTest.begin()
  const role = async (): Promise<string> => (await inTest.tenancy.pool.query('select current_user as role')).rows[0].role
  const roles = [await inTest.tenancy.run(made[0]!, role), await inTest.tenancy.run(made[1]!, role)]
  expect(roles).toEqual([expect.stringMatching(/^partywall_/), expect.stringMatching(/^partywall_/)])
  expect(new Set(roles).size).toBe(2)
  const shared = (await inTest.tenancy.sharedPool.query('select current_user as role')).rows[0].role
  expect(roles).not.toContain(shared)
  await expect(
    inTest.tenancy.run(made[0]!, () => inTest.tenancy.pool.query(`select from "${made[1]!.schema}".projects`)),
  ).rejects.toMatchObject({ code: '42501' })
})

test('under the boundary login the mode is refused', async () => {
  const byLogin = await openTestDatabase({
    server: serverUrl(),
    open: (url) => createTenancy({ root, database: { connectionString: url, loginKey: 'x'.repeat(40) }, boundary: 'login' }),
  })
  onTestFinished(() => byLogin.close())
  await expect(byLogin.transactions()).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('"login"'),
  })
})

test('a tenant that is made in the transaction is gone afterwards, for the process, too', async () => {
  const made = await tenancy.tenants.create({ schema: 'short', domains: ['short.example.org'] })
  await tenancy.run(made, () => tenancy.pool.query(`insert into projects (title) values ('x')`))
  expect(await tenancy.tenants.find('short')).toMatchObject({ id: made.id })
  await transaction.rollBack()
  transaction = await transactions.begin()
  expect(await tenancy.tenants.find('short')).toBeUndefined()
  await expect(tenancy.run(made, () => tenancy.pool.query('select 1'))).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
  await tenancy.tenants.create({ schema: 'short' })
})

test('a tenant that was suspended in the transaction is active in the next one, also by a kept object', async () => {
  const kept = await tenancy.tenants.get('acme')
  await tenancy.tenants.suspend('acme')
  await expect(tenancy.run(kept, () => 1)).rejects.toMatchObject({ code: 'TENANT_SUSPENDED' })
  await transaction.rollBack()
  transaction = await transactions.begin()
  expect(await tenancy.run(kept, () => 1)).toBe(1)
  expect((await tenancy.tenants.get('acme')).status).toBe('active')
})

test('a tenant that is made outside is seen', async () => {
  expect(await tenancy.tenants.find('late')).toBeUndefined()
  const late = await database.tenant({ schema: 'late' })
  await expect.poll(async () => (await tenancy.tenants.find('late'))?.id).toBe(late.id)
})

test('one transaction for a file, and one for each test in it', async () => {
  await tenancy.run(a, () => tenancy.pool.query(`insert into projects (title) values ('of the file')`))
  for (let time = 0; time < 2; time++) {
    await using _inner = await transactions.begin()
    await tenancy.run(a, () => tenancy.pool.query(`insert into projects (title) values ('of a test')`))
    expect(await titles(a)).toEqual(['of the file', 'of a test'])
  }
  expect(await titles(a)).toEqual(['of the file'])
})

test('what cannot be done there fails with the reason', async () => {
  const query = (sql: string) => tenancy.run(a, () => tenancy.pool.query(sql))
  await expect(query('listen news')).rejects.toThrow(/LISTEN/)
  await expect(query('create index concurrently on projects (title)')).rejects.toThrow(/test|session/)
  const client = await tenancy.run(a, () => tenancy.pool.connect())
  await expect(client.query('begin isolation level serializable')).rejects.toThrow(`isolationLevel: 'serializable'`)
  client.release()
})

test('a query of the pool inside of a transaction of the same handler fails, and does not hang', async () => {
  await tenancy.run(a, async () => {
    const client = await tenancy.pool.connect()
    await client.query('begin')
    await expect(tenancy.pool.query('select 1')).rejects.toThrow('share one connection')
    await client.query('rollback')
    client.release()
  })
})

test('a transaction that was left open fails the test, and the next one is not disturbed', async () => {
  const client = await tenancy.run(a, () => tenancy.pool.connect())
  await client.query('begin')
  await client.query(`insert into projects (title) values ('left')`)
  await expect(transaction.rollBack()).rejects.toMatchObject({
    code: 'TEST_LEAK',
    message: expect.stringContaining('begun and not ended'),
  })
  client.release(true)
  transaction = await transactions.begin()
  expect(await titles(a)).toEqual([])
})

test('work that outlives its test is refused, and told at the end of the next one', async () => {
  await transaction.rollBack()
  await expect(tenancy.sharedPool.query('select 1')).rejects.toThrow('No transaction of a test is open')
  const next = await transactions.begin()
  await expect(next.rollBack()).rejects.toMatchObject({
    code: 'TEST_LEAK',
    message: expect.stringContaining('between the test before and this one'),
  })
  transaction = await transactions.begin()
})

test.each([
  [{ waitMs: 0 }, 'waitMs'],
  [{ wait: 1 }, 'waitMs'],
])('the option %o is refused', async (options, named) => {
  await expect(database.transactions(options as never)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining(named),
  })
})

test('an isolation level that there is not is refused', async () => {
  await expect(transactions.begin({ isolationLevel: 'snapshot' as never })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})
