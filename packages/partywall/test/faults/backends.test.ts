import { once } from 'node:events'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { describe, expect, it } from 'vitest'
import { afterLosses, backendOf, comesToRest, killBackend, loses, within } from '../support/rest.ts'
import { isPooled } from '../support/route.ts'
import { twoTenants } from '../support/two-tenants.ts'

const tenants = await twoTenants()
const { a, b, scope, makePool, admin } = tenants
await admin.query(`
  create table tenant_a.slow (id int);
  create function public.take_time() returns trigger language plpgsql as $$ begin perform pg_sleep(5); return new; end $$;
  create trigger slow before insert on tenant_a.slow for each row execute function public.take_time();
`)

const owner = 'select owner from items where id = 1'
/** More rows than any buffer holds; one now and then. */
const many = 'select owner, n from items, generate_series(1, 20000) as n'
const scarce = 'select owner, pg_sleep(0.02)::text from items, generate_series(1, 1000) as n'

interface Killing {
  readonly client: PoolClient
  /** Ends the server session that the client has, and waits until it is gone. */
  readonly kill: () => Promise<void>
}
type State = (killing: Killing) => Promise<unknown>

/** How far the client of A has come when its backend is killed, and what must come of it. Each ends soon, and with an error. */
const states: Record<string, State> = {
  'bound, between two statements': async ({ client, kill }) => {
    await client.query(owner)
    await kill()
    // Behind a pooler a client has no session between its statements, so none to lose.
    if (isPooled) return expect((await afterLosses(() => client.query(owner))).rows).toEqual([{ owner: a.schema }])
    await loses(client.query(owner))
    await loses(client.query('begin'))
  },
  'in the middle of a statement': async ({ client, kill }) => {
    const running = loses(client.query('select pg_sleep(20)'))
    await sleep(30)
    await Promise.all([kill(), running])
  },
  'in the middle of several statements': async ({ client, kill }) => {
    const running = loses(client.query('select 1; select pg_sleep(20); select 2'))
    await sleep(30)
    await Promise.all([kill(), running])
  },
  'with statements in line behind it': async ({ client, kill }) => {
    const all = ['select pg_sleep(20)', owner, 'begin', owner].map((text) => loses(client.query(text)))
    await sleep(30)
    await Promise.all([kill(), ...all])
  },
  'in a transaction': async ({ client, kill }) => {
    await client.query('begin')
    await client.query(`update items set note = 'lost' where id = 1`)
    await kill()
    await loses(client.query(owner))
    await loses(client.query('commit'))
  },
  'in a failed transaction': async ({ client, kill }) => {
    await client.query('begin')
    await client.query('select 1 / 0').catch(() => {})
    await kill()
    await loses(client.query('rollback'))
  },
  'in a savepoint, by a named statement': async ({ client, kill }) => {
    await client.query('begin')
    await client.query('savepoint s')
    await client.query({ name: 'owner', text: owner })
    await kill()
    await loses(client.query({ name: 'owner', text: owner }))
    await loses(client.query('rollback to savepoint s'))
  },

  'streaming: a cursor between two reads': async ({ client, kill }) => {
    const cursor = client.query(new Cursor(many))
    expectOwn(await cursor.read(10))
    await kill()
    await loses(cursor.read(10))
    await within(5000, cursor.close())
  },
  'streaming: a cursor in the middle of a read': async ({ client, kill }) => {
    const cursor = client.query(new Cursor(scarce))
    const reading = loses(cursor.read(500))
    await sleep(50)
    await Promise.all([kill(), reading])
    await within(5000, cursor.close())
  },
  'streaming: a cursor that is closed long after': async ({ client, kill }) => {
    const cursor = client.query(new Cursor(many))
    await cursor.read(10)
    await kill()
    await sleep(100)
    await within(5000, cursor.close())
    await within(5000, cursor.close())
  },
  'streaming: a stream whose reader waits for the next row': async ({ client, kill }) => {
    const stream = client.query(new QueryStream(scarce, [], { batchSize: 2 }))
    const reading = loses(readAll(stream))
    await once(stream, 'data')
    await Promise.all([kill(), reading])
    expect(stream.destroyed).toBe(true)
  },
  'streaming: a stream whose reader is slow': async ({ client, kill }) => {
    const stream = client.query(new QueryStream(many, [], { batchSize: 5 }))
    const iterator = stream[Symbol.asyncIterator]()
    expectOwn([(await iterator.next()).value])
    await kill()
    await sleep(50)
    await loses(readAll({ [Symbol.asyncIterator]: () => iterator }))
    expect(stream.destroyed).toBe(true)
  },
  'streaming: a stream into a pipeline': async ({ client, kill }) => {
    const stream = client.query(new QueryStream(many))
    const flowing = loses(pipeline(stream, drain()))
    await sleep(20)
    await Promise.all([kill(), flowing])
  },
  'streaming: a stream that its reader gives up': async ({ client, kill }) => {
    const stream = client.query(new QueryStream(many, [], { batchSize: 5 }))
    // Whether the news comes before that or after, is the network's choice.
    stream.on('error', () => {})
    for await (const row of stream.iterator({ destroyOnReturn: false })) {
      expectOwn([row])
      break
    }
    await kill()
    await sleep(50)
    await within(5000, gone(stream))
  },

  'streaming: COPY TO whose reader waits for the next row': async ({ client, kill }) => {
    const stream = client.query(copyTo(`copy (${scarce.replace('owner,', `rpad(owner, 9000),`)}) to stdout`))
    const reading = loses(readText(stream))
    await once(stream, 'data')
    await Promise.all([kill(), reading])
    expect(stream.destroyed).toBe(true)
  },
  'streaming: COPY TO whose reader is slow': async ({ client, kill }) => {
    const stream = client.query(copyTo(`copy (${many}) to stdout`))
    const iterator = stream[Symbol.asyncIterator]()
    expect(String((await iterator.next()).value)).toContain(a.schema)
    await kill()
    await sleep(50)
    await loses(readText({ [Symbol.asyncIterator]: () => iterator }))
    expect(stream.destroyed).toBe(true)
  },
  'streaming: COPY TO that its reader gives up': async ({ client, kill }) => {
    const stream = client.query(copyTo(`copy (${many}) to stdout`))
    stream.on('error', () => {})
    await once(stream, 'readable')
    await kill()
    await within(5000, gone(stream))
    await sleep(50)
  },
  'streaming: COPY TO that nobody reads any more': async ({ client, kill }) => {
    const stream = client.query(copyTo(`copy (${scarce.replace('owner,', `rpad(owner, 9000),`)}) to stdout`))
    await once(stream, 'data')
    // What is still to come is drained, and its end is nobody's business: not an error without a listener, which ends the process.
    await within(5000, gone(stream))
    await kill()
    await sleep(50)
  },
  'streaming: COPY FROM whose writer does not listen at once': async ({ client, kill }) => {
    const stream = client.query(copyFrom('copy items from stdin'))
    const told = loses(new Promise((_, reject) => stream.once('error', reject)))
    stream.write('100\tx\ty\n')
    await sleep(30)
    await kill()
    await told
    stream.on('error', () => {})
    for (let n = 101; n < 110; n++) {
      stream.write(`${n}\tx\ty\n`)
      await sleep(1)
    }
    stream.end()
    await within(5000, gone(stream))
  },
  'streaming: COPY FROM between two rows': async ({ client, kill }) => {
    const rows = async function* (): AsyncIterable<string> {
      yield '100\tx\ty\n'
      await sleep(30)
      await kill()
      for (let n = 101; n < 200; n++) {
        await sleep(1)
        yield `${n}\tx\ty\n`
      }
    }
    await loses(pipeline(Readable.from(rows()), client.query(copyFrom('copy items from stdin'))))
  },
  'streaming: COPY FROM with its last row written': async ({ client, kill }) => {
    const stream = client.query(copyFrom('copy slow from stdin'))
    const flowing = loses(pipeline(Readable.from(['1\n']), stream))
    await sleep(50)
    await Promise.all([kill(), flowing])
    expect(stream.destroyed).toBe(true)
  },
  'streaming: COPY FROM whose source fails as well': async ({ client, kill }) => {
    const rows = async function* (): AsyncIterable<string> {
      yield '100\tx\ty\n'
      await sleep(30)
      await kill()
      throw Object.assign(new Error('the disk is gone, too'), { code: '57P01' })
    }
    await loses(pipeline(Readable.from(rows()), client.query(copyFrom('copy items from stdin'))))
  },
  'streaming: COPY FROM that its writer gives up': async ({ client, kill }) => {
    const stream = client.query(copyFrom('copy items from stdin'))
    stream.on('error', () => {})
    stream.write('100\tx\ty\n')
    await sleep(30)
    await kill()
    await within(5000, gone(stream))
  },
}

describe.each(Object.entries(states))('a backend that is killed: %s', (_, state) => {
  it('gives no wrong row, and its connection is not lost to the pool', async () => {
    const pool = makePool({ max: 3 })
    await scope.run(a, async () => {
      const client = await pool.connect()
      const pid = await backendOf(client)
      try {
        await state({ client, kill: () => killBackend(pid, admin) })
      } finally {
        client.release()
      }
    })
    await comesToRest(pool, tenants)
    expect((await admin.query('select count(*)::int as n from tenant_a.items where id >= 100')).rows).toEqual([{ n: 0 }])
    expect((await admin.query('select note from tenant_a.items where id = 1')).rows).toEqual([{ note: 'note 1' }])
  })

  it('lets who waits for the connection have the next one', async () => {
    const pool = makePool({ max: 1 })
    await scope.run(a, async () => {
      const client = await pool.connect()
      const pid = await backendOf(client)
      const waiting = [b, a, b].map((tenant) => scope.run(tenant, () => pool.query(owner)).then(({ rows }) => rows, String))
      try {
        await state({ client, kill: () => killBackend(pid, admin) })
      } finally {
        client.release()
      }
      // Behind a pooler one of them may still be lent the session that is lost.
      const answers = await within(5000, Promise.all(waiting))
      answers.forEach((rows, index) => {
        if (typeof rows !== 'string') expect(rows).toEqual([{ owner: [b, a, b][index]!.schema }])
        else expect(rows).toMatch(/terminat|server conn/)
      })
    })
    await comesToRest(pool, tenants)
  })
})

describe('a backend that is killed while nobody has it', () => {
  it('costs nobody more than one error, and no row is wrong', async () => {
    const pool = makePool({ max: 3 })
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all([a, b, a].map((tenant) => scope.run(tenant, () => pool.connect())))
      const pids = new Set(await Promise.all(clients.map(backendOf)))
      for (const client of clients) client.release()
      // At once, before the news can have arrived, or a while later.
      await Promise.all([...pids].map((pid) => admin.query('select pg_terminate_backend($1)', [pid])))
      if (round % 2 === 0) await sleep(20)
      const answers = await Promise.allSettled([a, b, a, b].map((tenant) => scope.run(tenant, () => pool.query(owner))))
      for (const [index, answer] of answers.entries()) {
        if (answer.status === 'fulfilled') expect(answer.value.rows).toEqual([{ owner: [a, b][index % 2]!.schema }])
        else await loses(Promise.reject(answer.reason as Error))
      }
      await comesToRest(pool, tenants)
    }
  })
})

describe('a query object through pool.query whose backend is killed', () => {
  it('is told, and its connection is not lost to the pool', async () => {
    const pool = makePool({ max: 1 })
    for (const batchSize of [2, 100]) {
      await scope.run(a, async () => {
        const pid = await backendOf(pool)
        const stream = new QueryStream(scarce, [], { batchSize })
        const done = loses(pool.query(stream) as unknown as Promise<unknown>)
        const reading = loses(readAll(stream))
        await sleep(60)
        await Promise.all([killBackend(pid, admin), reading, done])
      })
      await comesToRest(pool, tenants)
    }
  })
})

it('survives a storm: a backend dies every few milliseconds, while all kinds of work go on', async () => {
  const pool = makePool({ max: 5 })
  let isOver = false
  const counts = { right: 0, lost: 0 }
  const kinds: ((id: number) => Promise<{ owner: string }[]>)[] = [
    async (id) => (await pool.query('select owner from items where id = $1', [id])).rows,
    async () => ((await pool.query(`${owner}; ${owner}`)) as unknown as { rows: { owner: string }[] }[])[1]!.rows,
    async (id) => (await pool.query({ name: 'one', text: 'select owner from items where id = $1', values: [id] })).rows,
    (id) =>
      onClient(async (client) => {
        await client.query('begin')
        await client.query('savepoint s')
        const { rows } = await client.query('select owner from items where id = $1', [id])
        await client.query('commit')
        return rows
      }),
    () => onClient((client) => readAll(client.query(new QueryStream('select owner from items', [], { batchSize: 3 })))),
    () =>
      onClient(async (client) => {
        const cursor = client.query(new Cursor<{ owner: string }>('select owner from items'))
        try {
          return [...(await cursor.read(5)), ...(await cursor.read(5))]
        } finally {
          await cursor.close()
        }
      }),
    () =>
      onClient(async (client) =>
        (await readText(client.query(copyTo('copy (select owner from items) to stdout'))))
          .trim()
          .split('\n')
          .map((text) => ({ owner: text })),
      ),
  ]
  const worker = async (index: number): Promise<void> => {
    const tenant = index % 2 === 0 ? a : b
    for (let round = index; !isOver; round++) {
      try {
        const rows = await scope.run(tenant, () => kinds[round % kinds.length]!(1 + (round % 20)))
        expect(rows.length).toBeGreaterThan(0)
        expect(new Set(rows.map((row) => row.owner))).toEqual(new Set([tenant.schema]))
        counts.right += 1
      } catch (error) {
        await loses(Promise.reject(error as Error))
        counts.lost += 1
        // As a caller would who tries again.
        await sleep(5)
      }
    }
  }
  const workers = Array.from({ length: 12 }, (_, index) => worker(index))
  for (let n = 0; n < 120; n++) {
    await sleep(15)
    await admin.query(`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' order by random() limit 1`)
  }
  isOver = true
  await within(10_000, Promise.all(workers))
  await comesToRest(pool, tenants)
  expect(counts.right).toBeGreaterThan(20)
  expect(counts.lost).toBeGreaterThan(10)

  async function onClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    try {
      return await work(client)
    } finally {
      client.release()
    }
  }
})

function expectOwn(rows: readonly { owner: string }[]): void {
  expect(rows.length).toBeGreaterThan(0)
  expect(new Set(rows.map((row) => row.owner))).toEqual(new Set([a.schema]))
}

async function readAll<T extends { owner: string }>(stream: AsyncIterable<T>): Promise<T[]> {
  const rows: T[] = []
  for await (const row of stream) rows.push(row)
  return rows
}

async function readText(stream: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

/** A reader that takes its time. */
function drain(): Writable {
  return new Writable({ objectMode: true, write: (_row, _encoding, done) => void setTimeout(done, 1) })
}

async function gone(stream: Readable | Writable): Promise<void> {
  stream.destroy()
  if (!stream.closed) await once(stream, 'close')
}
