import type { PoolClient } from 'pg'
import { describe, expect, test } from 'vitest'
import { killSleeper } from '../support/servers/kill-sleeper.ts'
import { twoTenants, type TwoTenants } from '../support/tenants/two-tenants.ts'

const tenants: TwoTenants = await twoTenants()
const { a, b, scope, makePool, admin, discarded } = tenants

const owner = 'select owner from items where id = 1'

/** What A does to a connection before B gets it, and whether the connection must survive. */
const faults: Record<string, { fault: (client: PoolClient) => Promise<unknown>; survives: boolean }> = {
  'a statement that fails': { fault: (client) => client.query('select nothing_like_this'), survives: true },
  'a statement that breaks a constraint': {
    fault: (client) => client.query(`insert into items values (1, 'again')`),
    survives: true,
  },
  'a statement with values that fails': { fault: (client) => client.query('select 1 / $1::int', [0]), survives: true },
  'a value that cannot be sent': { fault: (client) => client.query('select $1::json', [circular()]), survives: true },
  'a named statement that does not parse': { fault: (client) => client.query({ name: 'bad', text: 'selec 1' }), survives: true },
  'several statements, one of which fails': {
    fault: (client) => client.query('select 1; select 1 / 0; select 2'),
    survives: true,
  },
  'a statement that runs out of time': { fault: runsOutOfTime, survives: true },
  'a statement that is cancelled': { fault: isCancelled, survives: true },
  'a transaction that fails and is rolled back': {
    fault: async (client) => {
      await client.query('begin')
      await client.query('select 1 / 0').catch(() => {})
      await client.query('rollback')
    },
    survives: true,
  },
  'a transaction that fails and is committed, which rolls it back': {
    fault: async (client) => {
      await client.query('begin')
      await client.query('select 1 / 0').catch(() => {})
      await client.query('commit')
    },
    survives: true,
  },
  'a transaction that fails and is forgotten': {
    fault: async (client) => {
      await client.query('begin')
      await client.query('select 1 / 0')
    },
    survives: false,
  },
  'a transaction that is forgotten': { fault: (client) => client.query('begin'), survives: false },
  'a statement that is not awaited': {
    fault: async (client) => void client.query('select pg_sleep(0.2)').catch(() => {}),
    survives: false,
  },
  'a read that gives up waiting': {
    fault: (client) => client.query({ text: 'select pg_sleep(0.3)', query_timeout: 30 } as { text: string }),
    survives: false,
  },
  'a backend that is killed': {
    fault: async (client) => {
      const dead = client.query('select pg_sleep(5)')
      dead.catch(() => {})
      await killSleeper(admin)
      await dead
    },
    survives: false,
  },
}

describe.each(Object.entries(faults))('after %s', (_, { fault, survives }) => {
  test(`the next user finds its own rows, on ${survives ? 'the same' : 'a new'} connection`, async () => {
    const pool = makePool({ max: 1 })
    const before = await pidOf(pool)
    await scope.run(a, async () => {
      const client = await pool.connect()
      await fault(client).catch(() => {})
      client.release()
    })
    expect((await scope.run(b, () => pool.query(owner))).rows).toEqual([{ owner: b.schema }])
    expect((await pidOf(pool)) === before).toBe(survives)
    expect(pool.totalCount).toBe(1)
  })
})

test('pool.query keeps its connection when it fails, also a hundred times', async () => {
  const pool = makePool({ max: 1 })
  const before = await pidOf(pool)
  for (let n = 0; n < 100; n++) {
    await expect(scope.run(n % 2 ? a : b, () => pool.query('select nothing_like_this'))).rejects.toMatchObject({ code: '42703' })
  }
  expect(await pidOf(pool)).toBe(before)
})

test('onDiscard receives the reason why a connection was destroyed', async () => {
  const pool = makePool({ max: 1 })
  discarded.length = 0
  const client = await scope.run(a, () => pool.connect())
  await client.query('begin')
  client.release()
  expect(discarded).toEqual(['a transaction is still open'])
})

test('an error of the server has the stack of the caller', async () => {
  const pool = makePool({ max: 1 })
  const error = await scope.run(a, () => pool.query('select nothing_like_this')).catch((reason: Error) => reason)
  expect((error as Error).stack).toContain('failures.test.ts')
})

test('an error of the server on a client has the stack of the caller', async () => {
  const client = await scope.run(a, () => makePool({ max: 1 }).connect())
  const error = await client.query('select nothing_like_this').catch((reason: Error) => reason)
  client.release()
  expect((error as Error).stack).toContain('failures.test.ts')
})

test('what a type parser throws reaches the caller as it is, also when it is no Error', async () => {
  const pool = makePool({ max: 1 })
  const query = { text: 'select 1', types: { getTypeParser: () => throwText } }
  await scope.run(a, async () => {
    await expect(pool.query(query)).rejects.toBe('no error')
    const client = await pool.connect()
    await expect(client.query(query)).rejects.toBe('no error')
    client.release()
  })
})

function throwText(): never {
  throw 'no error'
}

async function pidOf(pool: ReturnType<TwoTenants['makePool']>): Promise<number> {
  const { rows } = await scope.run(a, () => pool.query('select pg_backend_pid() as pid'))
  return rows[0].pid
}

async function runsOutOfTime(client: PoolClient): Promise<void> {
  await client.query('begin')
  await client.query(`set local statement_timeout = '20ms'`)
  await client.query('select pg_sleep(5)').catch(() => {})
  await client.query('rollback')
}

async function isCancelled(client: PoolClient): Promise<void> {
  const { rows } = await client.query('select pg_backend_pid() as pid')
  const cancelled = client.query('select pg_sleep(5)')
  cancelled.catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 50))
  await admin.query('select pg_cancel_backend($1)', [rows[0].pid])
  await cancelled
}

function circular(): object {
  const value: Record<string, unknown> = {}
  value.self = value
  return value
}
