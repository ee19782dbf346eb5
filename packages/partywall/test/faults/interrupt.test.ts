/** A process that ends itself, as at Ctrl-C: interruptPool stops what its clients run on the server, directly and behind a pooler. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { interruptPool } from '../../src/database/pool/interrupt.ts'
import { within } from '../support/pools/rest.ts'
import { isPooled } from '../support/servers/route.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

const { a, b, admin, scope, makePool } = await twoTenants()
const pool = makePool()

test.each([
  ['a statement', (text: string) => scope.run(a, () => pool.query(text))],
  ['a statement with values', (text: string) => scope.run(a, () => pool.query(`${text} where $1 = 1`, [1]))],
  [
    'several statements',
    (text: string) => scope.run(a, () => pool.query(`insert into items (id, owner) values (1001, 'late'); ${text}`)),
  ],
  ['a transaction', (text: string) => scope.run(a, () => inTransaction(text))],
])('%s of a tenant is cancelled and rolled back', async (_, run) => {
  const running = run('insert into items (id, owner) select 1000, pg_sleep(8)::text').catch((error: unknown) => error)
  await sleepers(1)
  await within(5000, interruptPool(pool))
  await sleepers(0)
  expect(await running).toMatchObject({ code: '57014' })
  expect((await admin.query('select from tenant_a.items where id >= 1000')).rowCount).toBe(0)
  expect((await scope.run(b, () => pool.query('select current_schema() as at'))).rows).toEqual([{ at: 'tenant_b' }])
})

test('a client between two statements is disconnected, and its transaction is rolled back', async () => {
  const client = await scope.run(a, () => pool.connect())
  await client.query('begin')
  await client.query(`insert into items (id, owner) values (1002, 'late')`)
  await within(5000, interruptPool(pool))
  await expect(client.query('commit')).rejects.toThrow(/connection|queryable/i)
  client.release()
  expect((await admin.query('select from tenant_a.items where id >= 1000')).rowCount).toBe(0)
})

test('a waiter that gets the connection of a cancelled statement is cancelled, too', async () => {
  const one = makePool({ max: 1 })
  const all = [a, b, a].map((tenant) => scope.run(tenant, () => one.query('select pg_sleep(8)').catch((error: unknown) => error)))
  await sleepers(1)
  await within(8000, interruptPool(one))
  for (const error of await within(1000, Promise.all(all))) expect(error).toMatchObject({ code: '57014' })
})

test('a pool at rest is left alone', async () => {
  await scope.run(a, () => pool.query('select 1'))
  const { totalCount } = pool
  await within(2000, interruptPool(pool))
  expect(pool.totalCount).toBe(totalCount)
})

async function inTransaction(text: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query(text)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

async function sleepers(count: number): Promise<void> {
  const text = `select pid from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
  while ((await admin.query(text)).rowCount !== count) await sleep(isPooled ? 20 : 10)
}
