import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { describe, expect, test } from 'vitest'
import { backendOf, comesToRest, killBackend, loses, within } from '../support/pools/rest.ts'
import { isPooled } from '../support/servers/route.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'
import { expectNothingKept, prepareStates, readAll, readText, states } from './states.ts'

const tenants = await twoTenants()
const { a, b, scope, makePool, admin } = tenants
await prepareStates(admin)

const owner = 'select owner from items where id = 1'

describe.each(Object.entries(states))('a backend that is killed: %s', (_, state) => {
  test('returns no wrong row, and the pool can replace its connection', async () => {
    const pool = makePool({ max: 3 })
    await scope.run(a, async () => {
      const client = await pool.connect()
      const pid = await backendOf(client)
      try {
        await state({ client, kill: () => killBackend(pid, admin), isBoundToSession: !isPooled })
      } finally {
        client.release()
      }
    })
    await comesToRest(pool, tenants)
    await expectNothingKept(admin)
  })

  test('is replaced for the callers that wait for the connection', async () => {
    const pool = makePool({ max: 1 })
    await scope.run(a, async () => {
      const client = await pool.connect()
      const pid = await backendOf(client)
      const waiting = [b, a, b].map((tenant) => scope.run(tenant, () => pool.query(owner)).then(({ rows }) => rows, String))
      try {
        await state({ client, kill: () => killBackend(pid, admin), isBoundToSession: !isPooled })
      } finally {
        client.release()
      }
      // Behind a pooler one of them may still get the lost session.
      const answers = await within(5000, Promise.all(waiting))
      answers.forEach((rows, index) => {
        if (typeof rows !== 'string') expect(rows).toEqual([{ owner: [b, a, b][index]!.schema }])
        else expect(rows).toMatch(/terminat|server conn/)
      })
    })
    await comesToRest(pool, tenants)
  })
})

describe('a backend that is killed while its connection is idle', () => {
  test('costs a caller one error at most, and no row is wrong', async () => {
    const pool = makePool({ max: 3 })
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all([a, b, a].map((tenant) => scope.run(tenant, () => pool.connect())))
      const pids = new Set(await Promise.all(clients.map(backendOf)))
      for (const client of clients) client.release()
      // At once, before the loss can be noticed, or a while later.
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
  test('is rejected, and the pool can replace its connection', async () => {
    const pool = makePool({ max: 1 })
    for (const batchSize of [2, 100]) {
      await scope.run(a, async () => {
        const pid = await backendOf(pool)
        const stream = new QueryStream('select owner, pg_sleep(0.02)::text from items, generate_series(1, 1000)', [], {
          batchSize,
        })
        const done = loses(pool.query(stream) as unknown as Promise<unknown>)
        const reading = loses(readAll(stream))
        await sleep(60)
        await Promise.all([killBackend(pid, admin), reading, done])
      })
      await comesToRest(pool, tenants)
    }
  })
})

test('a pool survives backends that are killed every few milliseconds during all kinds of work', async () => {
  const pool = makePool({ max: 5 })
  const storm = { isOver: false }
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
    for (let round = index; !storm.isOver; round++) {
      try {
        const rows = await scope.run(tenant, () => kinds[round % kinds.length]!(1 + (round % 20)))
        expect(rows.length).toBeGreaterThan(0)
        expect(new Set(rows.map((row) => row.owner))).toEqual(new Set([tenant.schema]))
        counts.right += 1
      } catch (error) {
        await loses(Promise.reject(error as Error))
        counts.lost += 1
        // As a caller does that tries again.
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
  storm.isOver = true
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
