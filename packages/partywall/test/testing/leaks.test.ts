/** The alarm: each thing that a test may leave is told once, with the place in the code, and a clean test is not disturbed. */
import { createTenancy } from 'partywall'
import { watchLeaks } from 'partywall/testing'
import { afterAll, expect, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
await tenancy.tenants.create({ schema: 'acme' })
await tenancy.run('acme', () => tenancy.pool.query('create table notes (id int)'))
const leaks = watchLeaks(tenancy, { settleMs: 30, discarded: true })
afterAll(() => tenancy.close())

async function told(): Promise<string> {
  const error = await leaks.check().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ code: 'TEST_LEAK', details: { leaks: expect.any(Array) } })
  // Once.
  await leaks.check()
  return (error as Error).message
}

test('a clean test is not disturbed, and work that ends soon is waited for', async () => {
  await tenancy.run('acme', async () => {
    const client = await tenancy.pool.connect()
    await client.query('begin')
    await client.query('commit')
    client.release()
  })
  await leaks.check()
  void tenancy.run('acme', () => tenancy.pool.query('select pg_sleep(0.005)'))
  await leaks.check()
})

test('a client that is not released, with the place of its checkout', async () => {
  const client = await tenancy.run('acme', function takesAClient() {
    return tenancy.pool.connect()
  })
  const message = await told()
  expect(message).toContain('A client of tenancy.pool for tenant "acme" was not released.')
  expect(message).toContain('takesAClient')
  client.release()
  const shared = await tenancy.sharedPool.connect()
  expect(await told()).toContain('A client of tenancy.sharedPool')
  shared.release()
})

test('a transaction that is open', async () => {
  const client = await tenancy.run('acme', () => tenancy.pool.connect())
  await client.query('begin')
  expect(await told()).toContain('was not released, with an open transaction')
  await client.query('rollback')
  client.release()
})

test('work in a scope that is not awaited, with the place where it was started', async () => {
  const gate = Promise.withResolvers<void>()
  function startsWork(): void {
    void tenancy.run('acme', () => gate.promise)
  }
  startsWork()
  const message = await told()
  expect(message).toContain('Work in the scope of tenant "acme" was not awaited')
  expect(message).toContain('startsWork')
  gate.resolve()
})

test('a statement that still runs', async () => {
  const running = tenancy.run('acme', () => tenancy.pool.query('select pg_sleep(0.4)'))
  expect(await told().catch((error: Error) => error.message)).toContain('1 statements of tenancy.pool still run')
  await running
  await leaks.check()
})

test('a connection that was closed because of what was left on it', async () => {
  await tenancy.run('acme', async () => {
    const client = await tenancy.pool.connect()
    await client.query('set timezone to utc')
    client.release()
  })
  expect(await told()).toContain('A connection was closed, because it holds a setting of the session.')
})

test('a search path, a role and temporary tables that a function has left', async () => {
  await tenancy.sharedPool.query(`
    create function leave(what text) returns void language plpgsql as $$ begin execute what; end $$`)
  const leave = (what: string) => tenancy.run('acme', () => tenancy.pool.query('select public.leave($1)', [what]))
  await leave('create temporary table left_over (id int)')
  expect(await leaks.check().catch((error: Error) => error.message)).toContain(
    'Temporary tables are left on connections: left_over',
  )
  await leave('drop table left_over')
  await leave('set search_path to pg_catalog')
  // PostgreSQL 18 and newer report it.
  expect(await leaks.check().catch((error: Error) => error.message)).toContain(
    'The search path of a connection of "acme" was changed for its session, to pg_catalog.',
  )
  await leave('set role pg_monitor')
  expect(await leaks.check().catch((error: Error) => error.message)).toContain('was left with the role "pg_monitor"')
  await tenancy.sharedPool.query('drop function leave')
})

test('after its end it watches no more, and the tenancy is as it was', async () => {
  leaks.stop()
  expect(Object.hasOwn(tenancy, 'run')).toBe(false)
  expect(Object.hasOwn(tenancy, 'runShared')).toBe(false)
})

test('an option that there is not is refused', () => {
  expect(() => watchLeaks(tenancy, { settle: 1 } as never)).toThrow('Did you mean "settleMs"?')
})
