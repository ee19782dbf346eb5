import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { SetOnCheckoutPool } from '../support/pools/naive-pools.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

const { a, b, scope, url, makePool } = await twoTenants()

test('200 interleaved callers on three connections each see their own rows', async () => {
  const pool = makePool({ max: 3 })
  const callers = Array.from({ length: 200 }, (_, index) => {
    const tenant = index % 2 === 0 ? a : b
    return scope.run(tenant, async () => {
      const wrong: string[] = []
      const look = (how: string, rows: { owner: string }[]): void => {
        if (rows.length === 0 || rows.some((row) => row.owner !== tenant.schema)) wrong.push(`${how} of ${tenant.schema}`)
      }
      for (let round = 0; round < 5; round++) {
        const id = 1 + ((index + round) % 20)
        look('a statement', (await pool.query('select owner from items where id = $1', [id])).rows)
        look(
          'a named statement',
          (await pool.query({ name: 'one', text: 'select * from items where id = $1', values: [id] })).rows,
        )
        await pool.query('select broken').catch(() => {})
        const client = await pool.connect()
        try {
          await client.query('begin isolation level repeatable read')
          look(
            'a transaction',
            (await client.query('update items set note = $1 where id = 20 + $2 or id = 1 returning owner', ['x', index])).rows,
          )
          await client.query('savepoint here')
          await client.query('insert into items values (1, $1)', ['twice']).catch(() => {})
          await client.query('rollback to savepoint here')
          look('after a savepoint', (await client.query('select owner from items')).rows)
        } catch (error) {
          // Two writers of one row under repeatable read: PostgreSQL refuses the second one, which is right.
          if ((error as { code?: string }).code !== '40001') throw error
        } finally {
          await client.query('rollback')
          client.release()
        }
      }
      return wrong
    })
  })
  expect((await Promise.all(callers)).flat()).toEqual([])
  expect({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }).toEqual({ total: 3, idle: 3, waiting: 0 })
})

test('bites: a pool that sets the path of the session returns rows of the last tenant to code that forgets to set it', async () => {
  const store = new AsyncLocalStorage<string>()
  const naive = new SetOnCheckoutPool({ store, connectionString: url, max: 1 })
  onTestFinished(() => naive.end())
  const owner = async (): Promise<string> => (await naive.query('select owner from items where id = 1')).rows[0].owner
  await store.run(a.schema, () => naive.inTenant(async (client) => client.query('select 1')))
  // A caller without a tenant, and B that called pool.query: both see A.
  expect(await owner()).toBe(a.schema)
  expect(await store.run(b.schema, owner)).toBe(a.schema)

  const pool = makePool({ max: 1 })
  await scope.run(a, () => pool.query('select 1'))
  await expect(pool.query('select owner from items')).rejects.toMatchObject({ code: 'NO_TENANT' })
  expect((await scope.run(b, () => pool.query('select owner from items where id = 1'))).rows).toEqual([{ owner: b.schema }])
})

test('callers that wait for a connection get one in the order of their calls', async () => {
  const pool = makePool({ max: 1 })
  const order: number[] = []
  const blocker = scope.run(a, () => pool.query('select pg_sleep(0.05)'))
  const waiting = [0, 1, 2, 3, 4].map((n) => scope.run(n % 2 ? a : b, () => pool.query('select 1').then(() => order.push(n))))
  await Promise.all([blocker, ...waiting])
  expect(order).toEqual([0, 1, 2, 3, 4])
})

test('a caller gets POOL_EXHAUSTED when every connection stays busy', async () => {
  // Long enough to open a connection on a busy machine.
  const pool = makePool({ max: 1, connectionTimeoutMillis: 500 })
  const held = await scope.run(a, () => pool.connect())
  await expect(scope.run(b, () => pool.query('select 1'))).rejects.toMatchObject({
    code: 'POOL_EXHAUSTED',
    // The place where it was checked out.
    message: expect.stringContaining('concurrency.test.ts'),
  })
  held.release()
  await sleep(10)
  expect((await scope.run(b, () => pool.query('select owner from items where id = 1'))).rows).toEqual([{ owner: b.schema }])
})

test('pool.end rejects the callers that wait for a connection', async () => {
  const pool = makePool({ max: 1 })
  const held = await scope.run(a, () => pool.connect())
  const waiting = scope.run(b, () => pool.query('select 1'))
  const ended = pool.end()
  await expect(waiting).rejects.toThrow(/after calling end/)
  held.release()
  await ended
})
