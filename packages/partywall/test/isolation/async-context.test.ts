import { AsyncLocalStorage } from 'node:async_hooks'
import type { Pool, PoolClient } from 'pg'
import QueryStream from 'pg-query-stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { storeAtSendTimePool } from '../support/pools/naive-pools.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

const { a, b, scope, url, makePool } = await twoTenants()
const pool = makePool({ max: 1 })

// The attack: a pool of one connection. A holds it; B asks and must wait; A releases it. pg-pool then continues B's work in
// the async context of A (node-postgres #2533).
type Run = <T>(schema: string, fn: () => T) => T
type Ask = (pool: Pool) => Promise<string>

async function ownerSeenByB(run: Run, busyPool: Pool, ask: Ask): Promise<string> {
  const held = await run(a.schema, () => busyPool.connect())
  const answer = run(b.schema, () => ask(busyPool))
  await run(a.schema, async () => {
    await held.query('select 1')
    held.release()
  })
  return answer
}

const text = 'select owner from items where id = 1'
const ways: Record<string, Ask> = {
  'pool.query with a promise': async (busy) => (await busy.query(text)).rows[0].owner,
  'pool.query with a callback': (busy) =>
    new Promise((resolve, reject) =>
      busy.query(text, (error, result) => (error ? reject(error) : resolve(result.rows[0].owner))),
    ),
  'pool.connect with a callback': (busy) =>
    new Promise((resolve, reject) =>
      busy.connect((error, client, done) => {
        if (error || client === undefined) return reject(error)
        client.query(text, (queryError, result) => {
          done()
          if (queryError) reject(queryError)
          else resolve(result.rows[0].owner)
        })
      }),
    ),
  'await pool.connect()': async (busy) => {
    const client = await busy.connect()
    try {
      return (await client.query(text)).rows[0].owner
    } finally {
      client.release()
    }
  },
}

const runInScope: Run = (schema, fn) => scope.run(schema === a.schema ? a : b, fn)

describe.each(Object.entries(ways))('on a busy pool, %s', (_, ask) => {
  test('a query runs for the tenant that called, not for the one that released', async () => {
    expect(await ownerSeenByB(runInScope, pool, ask)).toBe(b.schema)
  })
})

test('bites: a pool that reads the store when it sends returns the rows of A to B', async () => {
  const store = new AsyncLocalStorage<string>()
  const naive = storeAtSendTimePool({ store, connectionString: url, max: 1 })
  onTestFinished(() => naive.end())
  const seen = await ownerSeenByB((schema, fn) => store.run(schema, fn), naive, ways['pool.query with a promise']!)
  expect(seen).toBe(a.schema)
})

describe('a callback runs in the scope of its caller', () => {
  test.each([1, 2, 3])('round %i: from pool.query, pool.connect and client.query', async () => {
    const scopes = await Promise.all(
      [a, b, a, b].map((tenant) =>
        scope.run(tenant, async () => {
          const seen: (string | undefined)[] = []
          await new Promise<void>((resolve) => pool.query('select 1', () => resolve(void seen.push(scope.tryCurrent()?.schema))))
          await new Promise<void>((resolve) =>
            pool.connect((_error, client, done) => {
              seen.push(scope.tryCurrent()?.schema)
              client!.query('select 1', [], () => {
                seen.push(scope.tryCurrent()?.schema)
                done()
                resolve()
              })
            }),
          )
          return seen.every((schema) => schema === tenant.schema)
        }),
      ),
    )
    expect(scopes).toEqual([true, true, true, true])
  })

  test('rows of a stream arrive in the scope that asked for them', async () => {
    const client = await scope.run(a, () => pool.connect())
    const seen = new Set<string | undefined>()
    await scope.run(a, () => {
      const stream = client.query(new QueryStream('select * from items'))
      return new Promise((resolve, reject) => {
        stream.on('data', () => seen.add(scope.tryCurrent()?.schema))
        stream.on('end', resolve)
        stream.on('error', reject)
      })
    })
    client.release()
    expect([...seen]).toEqual([a.schema])
  })
})

test('a socket is opened outside every scope, so its events belong to no tenant', async () => {
  const fresh = makePool({ max: 1 })
  const client = (await scope.run(a, () => fresh.connect())) as PoolClient
  const seen = new Promise((resolve) => client.on('notice', () => resolve(scope.value())))
  await scope.run(a, () => client.query(`do $$ begin raise notice 'hello'; end $$`))
  expect(await seen).toBeUndefined()
  client.release()
})

test('a statement from outside every scope is refused with NO_TENANT', async () => {
  await expect(pool.query(text)).rejects.toMatchObject({ code: 'NO_TENANT' })
  await expect(pool.connect()).rejects.toMatchObject({ code: 'NO_TENANT' })
  const byCallback = new Promise((resolve) => pool.query(text, (error: Error) => resolve(error)))
  expect(await byCallback).toMatchObject({ code: 'NO_TENANT' })
})

test('outsideScope: "shared" sends a statement from outside to the shared schema', async () => {
  const lenient = makePool({ outsideScope: 'shared', max: 1 })
  expect((await lenient.query('select owner from notes')).rows).toEqual([{ owner: 'public' }])
  expect((await scope.run(b, () => lenient.query(text))).rows).toEqual([{ owner: b.schema }])
  const client = await scope.run(b, () => lenient.connect())
  await expect(scope.runShared(() => client.query(text))).rejects.toMatchObject({ code: 'WRONG_TENANT' })
  client.release()
})
