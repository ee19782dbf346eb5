import { AsyncLocalStorage } from 'node:async_hooks'
import { Client, type PoolClient } from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { expect, onTestFinished, test } from 'vitest'
import { inSession } from '../../src/database/pool/session.ts'
import { SetOnCheckoutPool, storeAtSendTimePool } from '../support/pools/naive-pools.ts'
import { backendOf } from '../support/pools/rest.ts'
import { isPooled } from '../support/servers/route.ts'
import { fakeTenant, twoTenants } from '../support/tenants/two-tenants.ts'

// Attacks that are possible only with a pooler. The isolation and ORM suites run through it as well: see vitest.config.ts.
const { a, b, scope, url, directUrl, bindings, makePool, admin } = await twoTenants()
const owner = 'select owner from items where id = 1'

test('two clients of the pooler of these tests share one server session', async () => {
  expect(isPooled).toBe(true)
  expect(url).not.toBe(directUrl)
  const clients = [new Client(url), new Client(url), new Client(url)]
  await Promise.all(clients.map((client) => client.connect()))
  expect(new Set(await Promise.all(clients.map(backendOf))).size).toBe(1)
  await Promise.all(clients.map((client) => client.end()))
})

test('two tenants on one server session each see their own rows, in 400 interleaved pieces of work', async () => {
  const pool = makePool({ max: 8 })
  const transaction = async (note: string): Promise<{ owner: string }[]> => {
    const client = await pool.connect()
    try {
      await client.query('begin isolation level repeatable read')
      await client.query('update items set note = $1 where id = 1', [note])
      await client.query('savepoint s')
      await client.query('select 1 / 0').catch(() => {})
      await client.query('rollback to savepoint s')
      return (await client.query(owner)).rows
    } finally {
      await client.query('rollback')
      client.release()
    }
  }
  const work = Array.from({ length: 400 }, async (_, index) => {
    const tenant = index % 2 === 0 ? a : b
    const rows = await scope.run(tenant, async () => {
      if (index % 10 === 0) return transaction(`note ${index}`)
      return (await (index % 3 === 0 ? pool.query(owner) : pool.query('select owner from items where id = $1', [1]))).rows
    })
    return rows.length === 1 && rows[0]!.owner === tenant.schema
  })
  expect((await Promise.all(work)).filter((isRight) => !isRight)).toEqual([])
})

test('bites: a pool that sets the path of the session returns the rows of another tenant', async () => {
  const store = new AsyncLocalStorage<string>()
  const naive = new SetOnCheckoutPool({ store, connectionString: url, max: 2 })
  onTestFinished(() => naive.end())
  const seen: string[] = []
  await store.run(a.schema, () =>
    naive.inTenant(async (first) => {
      await store.run(b.schema, () => naive.inTenant((second) => second.query('select 1')))
      seen.push((await first.query(owner)).rows[0].owner)
    }),
  )
  expect(seen).toEqual([b.schema])
  await naive.query('reset search_path')
})

test('bites: a pool that sets the path before each statement returns the rows of another tenant', async () => {
  const store = new AsyncLocalStorage<string>()
  const naive = storeAtSendTimePool({ store, connectionString: url, max: 2 })
  onTestFinished(() => naive.end())
  const clients = [await naive.connect(), await naive.connect()] as const
  // Both set their path, then both read: between the two a pooler may serve the other client.
  const seen = await Promise.all(
    [a, b].map(({ schema }, index) =>
      store.run(schema, async () => {
        const rows: unknown[] = []
        for (let round = 0; round < 50; round++) rows.push((await clients[index]!.query(owner)).rows[0].owner)
        return rows.filter((other) => other !== schema).length
      }),
    ),
  )
  for (const client of clients) client.release()
  expect(seen[0]! + seen[1]!).toBeGreaterThan(0)
  await naive.query('reset search_path')
})

test('cursors and streams of two tenants return their own rows, one after the other', async () => {
  const pool = makePool({ max: 2 })
  for (const tenant of [a, b, a]) {
    await scope.run(tenant, async () => {
      const client = await pool.connect()
      const cursor = client.query(new Cursor<{ owner: string }>('select owner from items'))
      expect(new Set((await cursor.read(7)).map((row) => row.owner))).toEqual(new Set([tenant.schema]))
      await cursor.close()
      for await (const row of client.query(new QueryStream('select owner from items'))) expect(row.owner).toBe(tenant.schema)
      client.release()
    })
  }
})

test('a statement that leaves something on the session is refused, because closing our connection would not end the session', async () => {
  const pool = makePool({ max: 1 })
  for (const text of [
    `set statement_timeout = '1ms'`,
    'set role pg_monitor',
    'select pg_advisory_lock(1)',
    'listen gossip',
    'create temp table x (y int)',
    'prepare p as select 1',
  ]) {
    await expect(scope.run(a, () => pool.query(text))).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
  }
  await scope.run(a, async () => {
    const client = (await pool.connect()) as PoolClient
    await client.query('begin')
    await client.query(`set local statement_timeout = '1s'`)
    await client.query('select pg_advisory_xact_lock(1)')
    await client.query('commit')
    client.release()
  })
  await expect(inSession(pool, bindings.ofTenant(a), () => Promise.resolve())).rejects.toMatchObject({
    code: 'UNSAFE_STATEMENT',
  })
})

test('a temporary table that a function left on the session is hidden', async () => {
  await admin.query(`create function public.scratch(who text) returns setof text language plpgsql as $$ begin
  create temp table if not exists scratch (who text); insert into scratch values (who); return query select * from scratch; end $$`)
  const [ofA, ofB] = [makePool({ max: 1 }), makePool({ max: 1 })]
  const scratch = async (pool: typeof ofA, tenant: typeof a): Promise<unknown> =>
    (await scope.run(tenant, () => pool.query('select scratch($1)', [tenant.schema]))).rows
  for (let round = 0; round < 3; round++) {
    expect(await scratch(ofA, a)).toEqual([{ scratch: a.schema }])
    expect(await scratch(ofB, b)).toEqual([{ scratch: b.schema }])
  }
})

test('a schema that does not exist is refused', async () => {
  const pool = makePool({ max: 1 })
  await expect(scope.run(fakeTenant('tenant_x'), () => pool.query(owner))).rejects.toMatchObject({ code: 'SCHEMA_MISSING' })
  expect((await scope.run(a, () => pool.query(owner))).rows).toEqual([{ owner: a.schema }])
})
