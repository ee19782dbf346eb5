/**
 * The pool beside pg's own: the same calls give the same events, counts, answers and errors. The differences that isolation needs are
 * listed in docs/node-postgres.md, and are tested in test/isolation.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg, { type Pool, type PoolClient, type PoolConfig } from 'pg'
import { expect, onTestFinished, test, vi, type Mock } from 'vitest'
import { fixedBinder } from '../../src/database/binding/binder.ts'
import { TenantPool } from '../../src/database/pool/tenant-pool.ts'
import { isPooled } from '../support/servers/route.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

const { url, bindings, scope } = await twoTenants()

const started = [
  ['connect', 'client 0'],
  ['acquire', 'client 0'],
]
const missing = 'relation "missing" does not exist'

interface Scenario {
  options?: PoolConfig & Record<string, unknown>
  run(pool: Pool, say: (...facts: unknown[]) => void, closed: () => Promise<void>): Promise<void>
}

const scenarios: Record<string, Scenario> = {
  'events of a client that is checked out and released': {
    run: async (pool) => (await pool.connect()).release(),
  },
  'events of a query': { run: async (pool) => void (await pool.query('select 1')) },
  'events of two clients, of which one is released with true and one with an error': {
    async run(pool, _, closed) {
      const clients = [await pool.connect(), await pool.connect()]
      clients[0]!.release(true)
      await closed()
      clients[1]!.release(new Error('broken'))
    },
  },
  'a client that is released with false or undefined goes back into the pool': {
    options: { max: 1 },
    async run(pool, say) {
      for (const error of [false, undefined]) {
        ;(await pool.connect()).release(error)
        say(pool.totalCount, pool.idleCount)
      }
    },
  },
  'counts while callers wait': {
    options: { max: 1 },
    async run(pool, say) {
      const client = await pool.connect()
      const waiting = [pool.query('select 1'), pool.connect()] as const
      await sleep(20)
      say(pool.totalCount, pool.idleCount, pool.waitingCount)
      client.release()
      await waiting[0]
      ;(await waiting[1]).release()
      say(pool.totalCount, pool.idleCount, pool.waitingCount)
    },
  },
  'an error of a statement leaves a client that is checked out': {
    async run(pool, say) {
      const client = await pool.connect()
      say(await failureOf(client.query('select * from missing')))
      client.release()
      say(pool.idleCount)
    },
  },
  'a server that is not there': {
    options: { port: 1 },
    async run(pool, say) {
      say(await reasonOf(pool.connect()), await reasonOf(pool.query('select 1')))
      say(pool.totalCount, pool.waitingCount)
    },
  },
  'a database that is not there': {
    options: { database: 'missing_database' },
    async run(pool, say) {
      say((await failureOf(pool.connect())) !== undefined, pool.totalCount)
    },
  },
  maxUses: {
    options: { max: 1, maxUses: 2 },
    async run(pool, say, closed) {
      for (let use = 0; use < 4; use++) {
        ;(await pool.connect()).release()
        await closed()
        say(pool.totalCount)
      }
    },
  },
  'maxLifetimeSeconds of an idle client and of one that is checked out': {
    options: { max: 2, maxLifetimeSeconds: 1 },
    async run(pool, say, closed) {
      const [held, idle] = [await pool.connect(), await pool.connect()]
      idle.release()
      await sleep(1300)
      await closed()
      say(pool.totalCount, pool.idleCount)
      held.release()
      await closed()
      say(pool.totalCount)
    },
  },
  'idleTimeoutMillis and min': {
    options: { max: 2, min: 1, idleTimeoutMillis: 50 },
    async run(pool, say, closed) {
      const clients = [await pool.connect(), await pool.connect()]
      for (const client of clients) client.release()
      await sleep(400)
      await closed()
      say(pool.totalCount, pool.idleCount)
    },
  },
  'connectionTimeoutMillis leaves no waiter': {
    options: { max: 1, connectionTimeoutMillis: 600 },
    async run(pool, say) {
      const client = await pool.connect()
      say((await failureOf(pool.connect())) !== undefined, pool.waitingCount)
      client.release()
    },
  },
  'verify that succeeds': {
    options: {
      verify: (client: PoolClient, done: (error?: Error) => void) => void client.query('select 1', (error) => done(error)),
    },
    run: async (pool, say) => say((await pool.query('select 1 as n')).rows),
  },
  'verify that fails': {
    options: { verify: (_: PoolClient, done: (error?: Error) => void) => done(new Error('not verified')) },
    async run(pool, say) {
      say(await failureOf(pool.connect()), pool.totalCount)
    },
  },
  'log is called': {
    async run(pool, say) {
      const lines: unknown[] = []
      const logged = pool as unknown as { log: (...line: unknown[]) => void }
      logged.log = (...line) => void lines.push(...line)
      ;(await pool.connect()).release()
      say(lines)
    },
  },
  'a pool that is ended twice, and used afterwards': {
    async run(pool, say) {
      await pool.end()
      say(pool.ended, pool.ending)
      say(await failureOf(pool.end()))
      say(await new Promise((resolve) => pool.end((error?: Error) => resolve(error?.message))))
      say(await failureOf(pool.connect()), await failureOf(pool.query('select 1')))
      say(await new Promise((resolve) => pool.connect((error, client) => resolve([error?.message, client]))))
    },
  },
  'end while a client is checked out waits for it': {
    async run(pool, say) {
      const client = await pool.connect()
      const ended = pool.end().then(() => say('ended'))
      await sleep(50)
      say(pool.ended, pool.ending, (await client.query('select 1 as n')).rows)
      client.release()
      await ended
      say(pool.totalCount, pool.ended)
    },
  },
  'end with a callback': {
    run: (pool, say) => new Promise((resolve) => say(pool.end(() => resolve()))),
  },
  'what connect gives to a callback': {
    async run(pool, say) {
      await new Promise<void>((resolve) => {
        const returned = pool.connect((error, client, done) => {
          say(error, client !== undefined, typeof done, done === client!.release)
          done()
          resolve()
        })
        say(returned)
      })
    },
  },
  'what query gives to a callback': {
    async run(pool, say) {
      const answer = (...args: [any, any?]): Promise<unknown> =>
        new Promise((resolve) => {
          const returned = pool.query(...args, (error: Error, result: any) => resolve([returned, error?.message, result?.rows]))
        })
      say(await answer('select 1 as n'), await answer('select $1::int as n', [2]))
      say(await answer({ text: 'select $1::int as n', values: [3] }))
    },
  },
  'a connection that is lost while it is idle': {
    async run(pool, say, closed) {
      // A holder of partywall's that reads it loses the connection.
      let stream: any
      pool.once('connect', (opened) => void ({ stream } = (opened as any).connection))
      const client = await pool.connect()
      client.release()
      stream.destroy(new Error('cut'))
      await sleep(50)
      await closed()
      say(pool.totalCount)
    },
  },
  'a connection that is lost while its client is checked out': {
    async run(pool, say, closed) {
      const client = await pool.connect()
      client.on('error', (error) => say(error.message))
      ;(client as any).connection.stream.destroy(new Error('cut'))
      await sleep(50)
      say((await failureOf(client.query('select 1'))) !== undefined)
      client.release(true)
      await closed()
      say(pool.totalCount)
    },
  },
  'a client that was ended': {
    async run(pool, say, closed) {
      const client = await pool.connect()
      await (client as any).end()
      client.release(true)
      await closed()
      say(pool.totalCount)
    },
  },
}

/** What docs/node-postgres.md lists, with the trace of pg's pool and that of partywall's. */
const differences: Record<string, Scenario & { stock: unknown[]; ours: unknown[] }> = {
  'pool.query keeps a connection whose statement failed': {
    run: async (pool, say) => say(await failureOf(pool.query('select * from missing')), pool.totalCount),
    stock: [...started, ['release', 'relation "missing" does not exist', 'client 0'], [missing, 0], ['remove', 'client 0']],
    ours: [...started, ['release', undefined, 'client 0'], [missing, 1]],
  },
  'the listeners of connect come before onConnect': {
    options: { onConnect: () => Promise.reject(new Error('not prepared')) },
    run: async (pool, say) => say(await failureOf(pool.connect()), pool.totalCount),
    stock: [['not prepared', 0]],
    ours: [
      ['connect', 'client 0'],
      ['not prepared', 0],
    ],
  },
  'the event release says true where the pool destroys the connection': {
    async run(pool) {
      const client = await pool.connect()
      await client.query('set timezone to utc')
      client.release()
    },
    stock: [...started, ['release', undefined, 'client 0']],
    ours: [...started, ['release', true, 'client 0'], ['remove', 'client 0']],
  },
  'the option Promise is ignored': {
    options: { Promise: class OwnPromise<T> extends Promise<T> {} },
    async run(pool, say) {
      const answer = pool.query('select 1')
      await answer
      say(answer.constructor.name)
    },
    stock: [...started, ['release', undefined, 'client 0'], ['OwnPromise']],
    ours: [...started, ['release', undefined, 'client 0'], ['Promise']],
  },
}

for (const [name, scenario] of Object.entries(scenarios)) {
  test(`behaves as pg's own pool: ${name}`, async () => {
    const stock = await traceOf(pg.Pool, scenario)
    expect(await traceOf(BoundPool, scenario)).toEqual(stock)
  })
}

// Behind a pooler, a statement that leaves a setting is refused.
for (const [name, { stock, ours, ...scenario }] of isPooled ? [] : Object.entries(differences)) {
  test(`differs from pg's own pool: ${name}`, async () => {
    expect(await traceOf(pg.Pool, scenario)).toEqual(stock)
    expect(await traceOf(BoundPool, scenario)).toEqual(ours)
  })
}

test('a client says that it has no pipeline, as one of pg does', async () => {
  const pool = new BoundPool({ connectionString: url })
  const client = await pool.connect()
  expect((client as any).pipeline).toBe(false)
  client.release()
  await pool.end()
})

test('a replaced pg.Client.prototype.connect that knows only callbacks is called with one', async () => {
  const connect = vi.spyOn(pg.Client.prototype, 'connect') as unknown as Mock
  onTestFinished(() => connect.mockRestore())
  connect.mockImplementation((callback: (error: Error) => void) => void setTimeout(callback, 5, new Error('not today')))
  const pool = new BoundPool({ connectionString: url })
  expect(await failureOf(pool.query('select 1'))).toBe('not today')
  await pool.end()
})

class BoundPool extends TenantPool {
  constructor(options: PoolConfig) {
    super({ ...options, binder: fixedBinder(bindings.shared, scope) })
  }
}

/** The facts that a scenario states, and the events of its pool in between; clients are numbered. */
async function traceOf(Kind: new (options: PoolConfig) => Pool, { options, run }: Scenario): Promise<unknown[]> {
  const trace: unknown[] = []
  const pool = new Kind({ ...addressOf(url), ...options })
  onTestFinished(async () => {
    if (!pool.ending) await pool.end()
  })
  const clients: unknown[] = []
  const nameOf = (value: unknown): unknown => {
    if (value instanceof Error) return value.message
    if (value === null) return undefined
    if (!(value instanceof pg.Client)) return value
    if (!clients.includes(value)) clients.push(value)
    return `client ${clients.indexOf(value)}`
  }
  for (const event of ['connect', 'acquire', 'release', 'remove', 'error'] as const) {
    pool.on(event as 'error', (...args: unknown[]) => void trace.push([event, ...args.map((value) => nameOf(value))]))
  }
  const closed = closedConnections(pool)
  await run(pool, (...facts) => void trace.push(facts.map((value) => nameOf(value))), closed)
  await sleep(50)
  await closed()
  return [...trace]
}

/**
 * Waits until the pool has told the end of each connection that it closes. It no longer counts such a connection, but emits `remove` only
 * when the socket is closed, which takes longer on a busy machine than a test would sleep.
 */
function closedConnections(pool: Pool): () => Promise<void> {
  const open = new Set<unknown>()
  pool.on('acquire', (client) => void open.add(client))
  pool.on('remove', (client) => void open.delete(client))
  return () => vi.waitFor(() => expect(open.size).toBe(pool.totalCount), { timeout: 10_000, interval: 5 })
}

function addressOf(address: string): PoolConfig {
  const { hostname, port, username, password, pathname } = new URL(address)
  return {
    host: hostname,
    port: Number(port),
    user: username,
    password: decodeURIComponent(password),
    database: pathname.slice(1),
  }
}

function failureOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => undefined,
    (error: Error) => error.message,
  )
}

/** partywall's error about a connection says more, and has that of pg as its cause. */
function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: any) => (error.cause ?? error).code)
}
