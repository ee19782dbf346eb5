/** What a listener or a holder may keep of a connection itself, and what it can do with it later: nothing that reaches the next holder. */
import pg, { type Pool, type PoolClient } from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { twoTenants } from '../support/tenants/two-tenants.ts'
import type { Tenant } from '../../src/types.ts'

const { a, b, scope, makePool, discarded } = await twoTenants()
const owner = 'select owner from items where id = 1'
const checkOut = (pool: Pool, tenant: Tenant): Promise<PoolClient> => scope.run(tenant, () => pool.connect())

test('a listener of "acquire" that kept its client cannot release the checkout of its holder', async () => {
  const pool = makePool({ max: 1 })
  const kept: PoolClient[] = []
  pool.on('acquire', (client) => void kept.push(client))
  const holder = await checkOut(pool, a)
  expect(() => kept[0]!.release()).toThrow(expect.objectContaining({ code: 'RELEASED_CLIENT' }))
  expect(pool.idleCount).toBe(0)
  expect((await holder.query(owner)).rows).toEqual([{ owner: a.schema }])
  holder.release()
  expect((await scope.run(b, () => pool.query(owner))).rows).toEqual([{ owner: b.schema }])
  expect(() => kept[0]!.release()).toThrow(expect.objectContaining({ code: 'RELEASED_CLIENT' }))
})

test('a listener of "connect" cannot use its client when all have given up that waited for it', async () => {
  const pool = makePool({ max: 1, connectionTimeoutMillis: 10_000 })
  const holder = await checkOut(pool, a)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const late = scope.run(b, () => pool.query(owner)).catch((error: unknown) => error)
  await expect.poll(() => pool.waitingCount).toBe(1)
  const kept: PoolClient[] = []
  // The waiter gets a new connection late, and gives up while the listener has it. The connection itself has time left.
  pool.on('connect', async (client) => {
    kept.push(client)
    vi.advanceTimersByTime(1000)
    await late
  })
  vi.advanceTimersByTime(9000)
  holder.release(true)
  expect(await late).toMatchObject({ code: 'POOL_EXHAUSTED' })
  vi.useRealTimers()
  await expect.poll(() => pool.idleCount).toBe(1)
  await expect(kept[0]!.query(`set work_mem = '1MB'`)).rejects.toMatchObject({ code: 'RELEASED_CLIENT' })
  expect((await scope.run(b, () => pool.query('show work_mem'))).rows).toEqual([{ work_mem: '4MB' }])
  discarded.splice(0)
})

test('a wire that its holder has seen is not lent again', async () => {
  const pool = makePool({ max: 1 })
  const holder = await checkOut(pool, a)
  const kept = holder.connection as unknown as { query(text: string): void }
  holder.release()
  expect(discarded.splice(0)).toEqual(['its holder has used client.connection'])
  const next = await checkOut(pool, b)
  await scope.run(b, () => next.query('begin'))
  kept.query('rollback')
  expect((await scope.run(b, () => next.query(owner))).rows).toEqual([{ owner: b.schema }])
  expect(next.getTransactionStatus()).toBe('T')
  await scope.run(b, () => next.query('rollback'))
  next.release()
})

test.each(['queryQueue', '_queryQueue'] as const)('nothing can be put into %s without a binding', async (name) => {
  const pool = makePool({ max: 1 })
  const holder = await checkOut(pool, a)
  const queue = (holder as unknown as Record<string, unknown[]>)[name]!
  const busy = holder.query('select pg_sleep(0.05)')
  expect(() => queue.push(new pg.Query('select 1'))).toThrow(TypeError)
  await busy
  holder.release()
  expect((holder as unknown as Record<string, unknown>)[name]).toBe(null)
})

test('the query method of pg.Client sends nothing without a binding when it is called with a checkout', async () => {
  const pool = makePool({ max: 1 })
  const holder = await checkOut(pool, a)
  const busy = holder.query('select pg_sleep(0.05)')
  let answers = 0
  const query = pg.Client.prototype.query as (this: PoolClient, text: string, done: () => void) => void
  for (const _ of [1, 2]) expect(() => query.call(holder, 'select 1', () => (answers += 1))).toThrow(TypeError)
  await busy
  expect((await holder.query(owner)).rows).toEqual([{ owner: a.schema }])
  expect(answers).toBe(0)
  holder.release()
})

test('a query object whose text was changed after client.query is not sent', async () => {
  const pool = makePool({ max: 1 })
  const holder = await checkOut(pool, a)
  const busy = holder.query('select pg_sleep(0.05)')
  const answer = new Promise((_, reject) => {
    const query = new pg.Query('select 1', reject)
    holder.query(query)
    ;(query as unknown as { text: string }).text = 'commit; select 1'
  })
  await expect(answer).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
  await busy
  holder.release()
})
