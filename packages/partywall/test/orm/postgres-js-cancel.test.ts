/** `cancel()` of postgres.js at every moment of a query's life. A request to cancel hits whatever the backend runs when it arrives. */
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { tenantPostgresJs } from '../../src/orm/postgres-js/tenant-postgres-js.ts'
import { fourTenants } from '../contract/four-tenants.ts'
import { codeOf, refused } from '../contract/refused.ts'

const { tenancy, tenants, admin, url, withServerConnections } = await fourTenants()
const [a, b] = tenants as [(typeof tenants)[0], (typeof tenants)[0]]

const plain = postgres(url, { max: 2, onnotice: () => {} })
const sql = tenantPostgresJs(tenancy, plain)
afterAll(() => sql.end())

/** Every connection is back: two queries run at once. */
afterEach(async () => {
  await tenancy.run(b, async () => {
    await Promise.all([1, 2, 3, 4].map((n) => sql`select ${n}::int`))
    await Promise.all([1, 2].map((n) => sql.begin((within) => within`select ${n}::int`)))
  })
})

type Outcome = 'answered' | '57014'

/** How often the promise settles, and with what. Anything else than an answer or the cancellation fails the test. */
async function outcomeOf(query: PromiseLike<unknown>): Promise<Outcome> {
  try {
    await query
    return 'answered'
  } catch (error) {
    if ((error as { code?: unknown }).code === '57014') return '57014'
    throw error
  }
}

const kinds: Record<string, (on: postgres.Sql, seconds: number) => postgres.PendingQuery<any>> = {
  'without values': (on) => on`select pg_sleep(0.004)`,
  'with values': (on, seconds) => on`select pg_sleep(${seconds})`,
  'of the simple protocol': (on, seconds) => on.unsafe(`select 1; select pg_sleep(${seconds})`),
  'with a function for each row': (on, seconds) =>
    on`select n, pg_sleep(${seconds / 3}) from generate_series(1, 3) as n`.forEach(() => {}) as never,
  'with a cursor': (on, seconds) =>
    on`select n, pg_sleep(${seconds / 3}) from generate_series(1, 3) as n`.cursor(1, () => {}) as never,
}

describe.each(Object.keys(kinds))('a query %s', (kind) => {
  const make = (on: postgres.Sql, seconds = 0.004) => kinds[kind]!(on, seconds)

  test('that is cancelled before it was awaited is never sent', async () => {
    await tenancy.run(a, async () => {
      const query = make(sql)
      query.cancel()
      expect(await outcomeOf(query)).toBe('57014')
    })
  })

  test('that is cancelled right after it was awaited settles', async () => {
    await tenancy.run(a, async () => {
      for (let turns = 0; turns < 12; turns++) {
        const query = make(sql)
        const outcome = outcomeOf(query)
        for (let turn = 0; turn < turns; turn++) await (turn % 2 === 0 ? Promise.resolve() : new Promise(setImmediate))
        query.cancel()
        query.cancel()
        await outcome
      }
    })
  })

  test('that is cancelled after it was answered is answered, and nothing else is cancelled', async () => {
    await tenancy.run(a, async () => {
      const query = make(sql)
      await query
      query.cancel()
      await Promise.all(Array.from({ length: 10 }, () => sql`select pg_sleep(0.002)`))
    })
  })

  test('that is cancelled at any moment never takes an innocent query with it', { timeout: 60_000 }, async () => {
    await withServerConnections(2, async () => {
      const seen = { answered: 0, '57014': 0 }
      const work = new AbortController()
      const innocent = tenants.map((tenant) =>
        tenancy.run(tenant, async () => {
          for (let n = 0; !work.signal.aborted; n++) {
            const [row] = await (n % 2 === 0
              ? sql`select current_schema() as schema`
              : sql`select current_schema() as schema where ${n} = ${n}`)
            expect(row!.schema).toBe(tenant.schema)
          }
        }),
      )
      await tenancy.run(a, async () => {
        for (let round = 0; round < 120; round++) {
          const query = make(sql)
          const outcome = outcomeOf(query)
          await sleep(Math.random() * 14)
          query.cancel()
          seen[await outcome] += 1
        }
      })
      work.abort()
      await Promise.all(innocent)
      expect(seen['57014']).toBeGreaterThan(0)
    })
  })

  test('of a transaction that is cancelled at any moment settles, and the transaction too', { timeout: 60_000 }, async () => {
    await withServerConnections(2, async () => {
      const work = new AbortController()
      const innocent = tenancy.run(b, async () => {
        while (!work.signal.aborted) await sql`select pg_sleep(0.001)`
      })
      await tenancy.run(a, async () => {
        for (let round = 0; round < 80; round++) {
          let cancelled: postgres.PendingQuery<any> | undefined
          const transaction = sql.begin(async (within) => {
            cancelled = make(within as never)
            await cancelled
            await within`select ${round}::int`
          })
          const outcome = outcomeOf(transaction)
          await sleep(Math.random() * 10)
          cancelled?.cancel()
          await outcome
        }
      })
      work.abort()
      await innocent
    })
  })
})

test('a query that waits for a connection is cancelled at once', async () => {
  await withServerConnections(2, () =>
    tenancy.run(a, async () => {
      const sleepers = [1, 2].map(() => sql`select pg_sleep(20)`)
      const outcomes = sleepers.map(outcomeOf)
      const waiting = sql`select 1`
      const outcome = outcomeOf(waiting)
      await sleep(100)
      waiting.cancel()
      expect(await Promise.race([outcome, sleep(2000, 'still waiting')])).toBe('57014')
      for (const each of sleepers) each.cancel()
      expect(await Promise.all(outcomes)).toEqual(['57014', '57014'])
    }),
  )
})

test('queries of a pipeline in a transaction that are cancelled while they wait all settle, and the transaction is rolled back', async () => {
  await tenancy.run(a, async () => {
    const all: Promise<Outcome>[] = []
    const work = sql.begin(async (within) => {
      const queries = [
        within`select pg_sleep(${20})`,
        within`select ${1}::int`,
        within`select pg_sleep(20)`,
        within`select ${2}::int`,
      ]
      all.push(...queries.map((query) => outcomeOf(query).catch(() => '57014' as const)))
      await sleep(30)
      for (const query of queries.toReversed()) query.cancel()
      await Promise.all(queries)
    })
    expect(codeOf(await refused(work))).toBe('57014')
    expect((await Promise.all(all)).slice(0, 2)).toEqual(['57014', '57014'])
  })
})

test('a cancel from outside, at any moment, never makes a query run unbound', { timeout: 60_000 }, async () => {
  await admin.query('create table public.seen (schema text, how text); grant insert on public.seen to public')
  const work = new AbortController()
  const counts = { answered: 0, '57014': 0 }
  const writers = [a, b].map((tenant, index) =>
    tenancy.run(tenant, async () => {
      while (!work.signal.aborted) {
        const write =
          index === 0
            ? sql`insert into public.seen select current_schema()`
            : sql`insert into public.seen values (current_schema(), ${'x'})`
        counts[await outcomeOf(write)] += 1
        counts[await outcomeOf(sql.begin((within) => within`insert into public.seen select current_schema()`))] += 1
      }
    }),
  )
  const start = Date.now()
  // On a busy machine it may take a while until a request meets a statement.
  while (Date.now() < start + 4000 || (counts['57014'] === 0 && Date.now() < start + 45_000)) {
    await admin.query(
      `select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'postgres.js' and datname = current_database()`,
    )
  }
  work.abort()
  await Promise.all(writers)
  const { rows } = await admin.query(`select distinct schema from public.seen order by 1`)
  await admin.query('drop table public.seen')
  expect(rows).toEqual([{ schema: a.schema }, { schema: b.schema }])
  expect(counts['57014']).toBeGreaterThan(0)
})
