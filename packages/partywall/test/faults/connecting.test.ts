import { describe, expect, test } from 'vitest'
import { relayForTest, type Relay } from '../support/servers/relay.ts'
import { comesToRest, within } from '../support/pools/rest.ts'
import { route } from '../support/servers/route.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

const tenants = await twoTenants()
const { a, b, scope, url, makePool, admin } = tenants

const owner = 'select owner from items where id = 1'

describe.each<Relay['silence']>(['at once', 'after the login'])('a server that falls silent %s', (silence) => {
  test('lets no caller wait longer than the limit, and the connections are available later', async () => {
    const relay = await relayForTest(url)
    const pool = makePool({ connectionString: relay.url, max: 2, connectionTimeoutMillis: 300 })
    relay.silence = silence
    const started = performance.now()
    const callers = [a, b, a, b, a].map((tenant) => scope.run(tenant, () => pool.query(owner)))
    const answers = await within(5000, Promise.allSettled(callers))
    expect(performance.now() - started).toBeLessThan(2000)
    for (const answer of answers) {
      expect(answer.status === 'rejected' && String(answer.reason)).toMatch(/POOL_EXHAUSTED|DATABASE_UNREACHABLE/)
    }
    // A connection that is being opened for a caller that has given up has its own time limit.
    await expect.poll(() => [pool.totalCount, pool.waitingCount], { timeout: 1000 }).toEqual([0, 0])
    relay.silence = 'never'
    await comesToRest(pool, tenants)
  })
})

test('a server that does not listen is reported at once, and the connections are available later', async () => {
  const pool = makePool({ connectionString: 'postgres://127.0.0.1:1/x', max: 2, connectionTimeoutMillis: 2000 })
  for (let round = 0; round < 3; round++) {
    const answers = await within(
      1000,
      Promise.allSettled([a, b, a, b].map((tenant) => scope.run(tenant, () => pool.query(owner)))),
    )
    expect(answers.map((answer) => answer.status === 'rejected' && answer.reason.code)).toEqual(
      answers.map(() => 'DATABASE_UNREACHABLE'),
    )
    expect({ total: pool.totalCount, waiting: pool.waitingCount }).toEqual({ total: 0, waiting: 0 })
  }
  pool.options.connectionString = url
  await comesToRest(pool, tenants)
})

test('a connection whose first statement fails is closed on the server', async () => {
  const role = `partywall_mute_${route}`
  await admin.query(`drop role if exists ${role}`)
  await admin.query(`create role ${role} login; revoke execute on function pg_catalog.pg_backend_pid() from public`)
  const mute = new URL(url)
  mute.username = role
  const pool = makePool({ connectionString: mute.href, max: 2 })
  for (let round = 0; round < 5; round++) {
    await expect(scope.run(a, () => pool.query(owner))).rejects.toMatchObject({ code: '42501' })
  }
  expect({ total: pool.totalCount, waiting: pool.waitingCount }).toEqual({ total: 0, waiting: 0 })
  // The pooler may keep its own connection, which serves all of them.
  const open = `select count(*)::int as n from pg_stat_activity where usename = $1`
  const most = route === 'pgbouncer' ? 1 : 0
  await expect.poll(async () => (await admin.query(open, [role])).rows[0].n, { timeout: 2000 }).toBeLessThanOrEqual(most)
  await admin.query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = '${role}'`)
  await admin.query(`grant execute on function pg_catalog.pg_backend_pid() to public; drop role ${role}`)
})

test('a listener of "connect" that hangs fails its caller in time, and keeps neither the place of the connection nor the end of the pool', async () => {
  const pool = makePool({ max: 1, connectionTimeoutMillis: 300 })
  pool.once('connect', () => new Promise(() => {}))
  const answer = scope.run(a, () => pool.query(owner))
  await expect(within(2000, answer)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  expect(pool.totalCount).toBe(0)
  expect((await scope.run(b, () => pool.query(owner))).rows).toEqual([{ owner: b.schema }])
  await within(2000, pool.end())
})
