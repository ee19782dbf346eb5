import { setTimeout } from 'node:timers/promises'
import { knex, type Knex } from 'knex'
import { describe, expect, test, vi } from 'vitest'
import type { Tenancy } from 'partywall'
import { tenantKnex } from '../../src/orm/knex.ts'
import { ormContract, refused, type Author, type OrmSubject, type OrmTransaction } from '../contract/orm.ts'
import { isPooled } from '../support/servers/route.ts'
import { letCreate } from '../support/tenants/adopt.ts'
import { knexOperations } from './knex-operations.ts'

const { tenancy, tenants, admin, empty } = await ormContract('Knex', subjectOf)
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

function subjectOf(ofTenants: Tenancy): OrmSubject {
  // Knex warns about each refused checkout, and the contract has many of them.
  const db = tenantKnex(ofTenants, knex, { log: { warn: () => {} } })
  return {
    ...knexOperations(db),
    transaction: (work, isolationLevel) =>
      db.transaction((transaction) => work(transactionOn(transaction)), isolationLevel && { isolationLevel }),
    stream: () => db('authors').select('*').orderBy('id').stream({ batchSize: 20 }) as AsyncIterable<Author>,
    close: () => db.destroy(),
  }
}

function transactionOn(transaction: Knex.Transaction): OrmTransaction {
  return {
    ...knexOperations(transaction),
    nested: (work) => transaction.transaction((inner) => work(transactionOn(inner))),
  }
}

describe('tenantKnex', () => {
  test('refuses options that would do nothing', () => {
    const options = { connection: 'postgres://nowhere', pool: { max: 2 }, searchPath: ['x'], connectionPool: tenancy.pool }
    for (const [option, value] of Object.entries(options)) {
      expect(() => tenantKnex(tenancy, knex, { [option]: value })).toThrow(`tenantKnex refuses the option "${option}".`)
    }
  })

  test('refuses a Knex that makes a pool of its own', () => {
    const other = (() => ({ client: { pool: {} } })) as unknown as typeof knex
    expect(() => tenantKnex(tenancy, other)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', details: expect.objectContaining({ package: 'knex' }) }),
    )
  })

  test('leaves the pool open when it is destroyed', async () => {
    const db = tenantKnex(tenancy, knex)
    await tenancy.run(a, async () => expect(await db('plans')).toHaveLength(2))
    await db.destroy()
    expect(tenancy.pool.ending).toBe(false)
  })

  test('gives the connection of a stream back once, where Knex alone does it twice', async () => {
    const releases = async (db: Knex): Promise<number> => {
      let count = 0
      const connect = tenancy.pool.connect.bind(tenancy.pool)
      const spy = vi.spyOn(tenancy.pool, 'connect').mockImplementation(async () => {
        const client = await connect()
        const { release } = client
        client.release = (error) => {
          count += 1
          if (count === 1) release(error)
        }
        return client
      })
      await tenancy.run(a, async () => {
        for await (const row of db('plans').stream()) expect(row).toHaveProperty('price')
      })
      await setTimeout(20)
      spy.mockRestore()
      return count
    }
    expect(await releases(knex({ client: 'pg', connectionPool: tenancy.pool })), 'what it protects from').toBe(2)
    expect(await releases(tenantKnex(tenancy, knex))).toBe(1)
  })

  test('ends a query on the server that takes too long, and gives its connection back', async () => {
    const db = tenantKnex(tenancy, knex)
    // Behind a pooler Knex does not know the session, and the statement runs to its end.
    const seconds = isPooled ? 1 : 20
    const slow = await tenancy.run(a, () => refused(db.raw(`select pg_sleep(${seconds})`).timeout(150, { cancel: true })))
    expect((slow as Error).name).toBe('KnexTimeoutError')
    await setTimeout(100)
    const { rows } = await tenancy.sharedPool.query(
      `select pid from pg_stat_activity where datname = current_database() and query like 'select pg_sleep%' and state = 'active'`,
    )
    expect(rows).toEqual([])
  })

  test('protects from the cancelling of Knex alone, which connects to any server it finds', async () => {
    const db = knex({ client: 'pg', connectionPool: tenancy.pool })
    const asked: unknown[] = []
    db.client.driver = {
      Client: class {
        constructor(settings: unknown) {
          asked.push(settings)
        }
        on(): void {}
        connect(): Promise<never> {
          return Promise.reject(new Error('no server here'))
        }
      },
    }
    await tenancy.run(a, () => refused(db.raw('select pg_sleep(0.4)').timeout(100, { cancel: true })))
    expect(asked).toEqual([{}])
    await setTimeout(400)
  })
})

test('Knex finds tables and columns of the current tenant only', async () => {
  const db = tenantKnex(tenancy, knex)
  await letCreate(admin, a)
  await tenancy.run(a, () => db.schema.createTable('extras', (table) => table.increments()))
  expect(await tenancy.run(a, () => db.schema.hasTable('extras'))).toBe(true)
  expect(await tenancy.run(b, () => db.schema.hasTable('extras'))).toBe(false)
  expect(Object.keys(await tenancy.run(a, () => db('extras').columnInfo()))).toEqual(['id'])
  expect(await tenancy.run(b, () => db('extras').columnInfo())).toEqual({})
  await tenancy.run(a, () => db.schema.dropTable('extras'))
})

test('Knex runs a query that is returned from the scope without being awaited in it', async () => {
  await empty()
  const db = tenantKnex(tenancy, knex)
  await tenancy.run(a, () => db('authors').insert({ id: 1, name: 'of a' }))
  expect(await tenancy.run(a, () => db('authors').select('*'))).toEqual([{ id: 1, name: 'of a' }])
  expect(await tenancy.run(b, () => db('authors').select('*'))).toEqual([])
  expect(await tenancy.runShared(() => db('plans').select('name').orderBy('name'))).toEqual([{ name: 'free' }, { name: 'gold' }])
})

test('Knex runs a query in the scope where it is awaited, not where it was built', async () => {
  await empty()
  const db = tenantKnex(tenancy, knex)
  const [query] = await tenancy.run(a, () => [db('authors').insert({ id: 1, name: 'whose?' })] as const)
  await tenancy.run(b, () => query)
  expect(await tenancy.run(a, () => db('authors').select('*'))).toEqual([])
  expect(await tenancy.run(b, () => db('authors').select('*'))).toHaveLength(1)
})
