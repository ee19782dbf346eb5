import { setTimeout as sleep } from 'node:timers/promises'
import pg, { Client, Pool, type PoolClient } from 'pg'
import Cursor from 'pg-cursor'
import { describe, expect, onTestFinished, test } from 'vitest'
import { twoTenants } from '../support/tenants/two-tenants.ts'
import type { Tenant } from '../../src/types.ts'

const { a, b, scope, url, appUrl, makePool, discarded } = await twoTenants()
const owner = 'select owner from items where id = 1'
const checkOut = (pool: Pool, tenant: Tenant): Promise<PoolClient> => scope.run(tenant, () => pool.connect())

const raise = (text: string): string => `do $$ begin raise notice '${text}'; end $$`
const rowsOf = async (client: PoolClient, query: any): Promise<unknown> => (await client.query(query)).rows

/** The client of A is released, and B holds the only connection, in a transaction. */
async function handedOn(): Promise<{ old: PoolClient; current: PoolClient; pool: Pool }> {
  const pool = makePool({ max: 1 })
  const old = await checkOut(pool, a)
  old.release()
  const current = await checkOut(pool, b)
  await scope.run(b, () => current.query('begin'))
  return { old, current, pool }
}

describe('a client that was released', () => {
  const uses: Record<string, (client: PoolClient) => unknown> = {
    'a text': (client) => client.query(owner),
    'a config': (client) => client.query({ text: owner }),
    'a text with a callback': (client) =>
      new Promise((resolve, reject) => client.query(owner, (error, rows) => (error ? reject(error) : resolve(rows)))),
    'a query object': (client) =>
      new Promise((resolve, reject) => client.query(new pg.Query(owner, (error) => (error ? reject(error) : resolve(error))))),
    'a cursor': (client) => client.query(new Cursor(owner)).read(1),
    commit: (client) => client.query('commit'),
    'the end of the connection': (client) => client.end(),
    'the wire': async (client) => client.connection,
    'a type parser': async (client) => client.setTypeParser(25, String),
    'a second release': async (client) => client.release(),
    'a second release with an error': async (client) => client.release(true),
  }
  const places: Record<string, (fn: () => unknown) => unknown> = {
    'outside of every scope': (fn) => fn(),
    'in its own scope': (fn) => scope.run(a, fn),
    'in the scope of the next holder': (fn) => scope.run(b, fn),
  }

  for (const [use, attempt] of Object.entries(uses)) {
    test.each(Object.entries(places))(`refuses ${use} %s, and the next holder loses nothing`, async (_, inPlace) => {
      const { old, current } = await handedOn()
      await expect((async () => inPlace(() => attempt(old)))()).rejects.toMatchObject({ code: 'RELEASED_CLIENT' })
      await scope.run(b, async () => {
        expect((await current.query(owner)).rows).toEqual([{ owner: b.schema }])
        expect(current.getTransactionStatus()).toBe('T')
        await current.query('rollback')
      })
      current.release()
    })
  }

  test('shows nothing of the connection any more', async () => {
    const { old, current } = await handedOn()
    const { processID, secretKey, host } = old as unknown as Record<string, unknown>
    expect({ processID, secretKey, host }).toEqual({ processID: null, secretKey: null, host: null })
    expect(old.getTransactionStatus()).toBe(null)
    await scope.run(b, () => current.query('rollback'))
    current.release()
  })

  test('bites: with pg.Pool, its statement runs in the transaction of the next holder', async () => {
    const naive = new Pool({ connectionString: url, max: 1 })
    onTestFinished(() => naive.end())
    const old = await naive.connect()
    old.release()
    const current = await naive.connect()
    await current.query('begin')
    await old.query(`set local application_name to 'left by another'`)
    expect((await current.query('show application_name')).rows).toEqual([{ application_name: 'left by another' }])
    await current.query('rollback')
    current.release()
  })
})

describe('what a checkout leaves', () => {
  test('its listeners hear nothing of the next holder', async () => {
    const pool = makePool({ max: 1 })
    const heard: string[] = []
    const first = await checkOut(pool, a)
    first.on('notice', ({ message }) => heard.push(message ?? ''))
    first.once('drain', () => heard.push('drain'))
    await scope.run(a, () => first.query(raise('for a')))
    expect(heard).toEqual(['for a', 'drain'])
    first.on('drain', () => heard.push('a second drain')).on('end', () => heard.push('end'))
    first.release()
    await scope.run(b, () => pool.query(raise('for b')))
    const second = await checkOut(pool, b)
    await scope.run(b, () => second.query(raise('for b')))
    second.release(true)
    await expect.poll(() => pool.totalCount).toBe(0)
    expect(heard).toEqual(['for a', 'drain'])
  })

  test('its type parsers read no row of the next holder', async () => {
    const pool = makePool({ max: 1 })
    const first = await checkOut(pool, a)
    first.setTypeParser(25, (value: string) => `${value}!`)
    await scope.run(a, async () => {
      expect(await rowsOf(first, owner)).toEqual([{ owner: `${a.schema}!` }])
      expect(await rowsOf(first, { text: owner, types: pg.types })).toEqual([{ owner: a.schema }])
      expect(await first.query(new Cursor(owner)).read(1)).toEqual([{ owner: `${a.schema}!` }])
    })
    first.release()
    expect(discarded.splice(0)).toEqual(['a statement is still running'])
    expect((await scope.run(b, () => pool.query(owner))).rows).toEqual([{ owner: b.schema }])
    const second = await checkOut(pool, b)
    expect((await scope.run(b, () => second.query(owner))).rows).toEqual([{ owner: b.schema }])
    second.release()
  })

  test('a listener that a query object left on the wire costs the connection', async () => {
    const pool = makePool({ max: 1 })
    const heard: unknown[] = []
    const listening = (done: () => void): pg.Query => {
      const query = new pg.Query(owner, done)
      const { submit } = query
      return Object.assign(query, {
        submit(connection: pg.Connection) {
          connection.on('dataRow', () => heard.push('a row'))
          return submit.call(query, connection)
        },
      })
    }
    const first = await checkOut(pool, a)
    await scope.run(a, () => new Promise((resolve) => first.query(listening(() => resolve(undefined)))))
    first.release()
    expect(discarded.splice(0)).toEqual(['its holder left listeners on it'])
    await scope.run(b, () => pool.query(owner))
    expect(heard).toEqual(['a row'])
  })

  test('a listener on the wire costs the connection', async () => {
    const pool = makePool({ max: 1 })
    const heard: unknown[] = []
    const first = await checkOut(pool, a)
    first.connection.on('dataRow', ({ fields }: { fields: unknown }) => heard.push(fields))
    first.release()
    expect(discarded.splice(0)).toEqual(['its holder has used client.connection'])
    await scope.run(b, () => pool.query(owner))
    expect(heard).toEqual([])
  })
})

test('libraries find a pg.Client that is the same as long as it is checked out', async () => {
  const pool = makePool({ max: 1 })
  const client = await checkOut(pool, a)
  expect(client).toBeInstanceOf(Client)
  expect(client.constructor.name).not.toContain('Pool')
  expect(client.escapeIdentifier('a"b')).toBe('"a""b"')
  const { host, port, database, user } = new Client(appUrl)
  expect({ host: client.host, port: client.port, database: client.database, user: client.user }).toEqual({
    host,
    port,
    database,
    user,
  })
  const { release } = client
  release()
  expect(pool.idleCount).toBe(1)
})

describe('a listener of "connect"', () => {
  test('is awaited before anyone has the connection', async () => {
    const pool = makePool({ max: 1 })
    const seen: unknown[] = []
    pool.on('connect', async (client) => {
      await client.query('select 1')
      await sleep(20)
      // On a connection that is not awaited, this would go to its first tenant.
      seen.push((await client.query('select current_schema() as schema')).rows[0].schema)
    })
    await scope.run(a, async () => {
      expect((await pool.query(owner)).rows).toEqual([{ owner: a.schema }])
      expect(seen).toEqual(['public'])
      await pool.query(owner)
    })
    expect(seen).toEqual(['public'])
  })

  test('that fails, fails the checkout', async () => {
    const pool = makePool({ max: 1 })
    pool.once('connect', async () => {
      await sleep(1)
      throw new Error('not prepared')
    })
    await expect(scope.run(a, () => pool.query(owner))).rejects.toThrow('not prepared')
    expect((await scope.run(a, () => pool.query(owner))).rows).toEqual([{ owner: a.schema }])
  })

  test('cannot use its client later, in the pool or during a checkout', async () => {
    const pool = makePool({ max: 1 })
    const kept: PoolClient[] = []
    for (const event of ['connect', 'acquire'] as const) pool.on(event, (client) => void kept.push(client))
    const holder = await checkOut(pool, a)
    for (const client of kept) {
      await expect(client.query(owner)).rejects.toMatchObject({ code: 'RELEASED_CLIENT' })
      await expect(scope.run(a, () => client.query(owner))).rejects.toMatchObject({ code: 'RELEASED_CLIENT' })
    }
    holder.release()
    await expect(kept[0]!.query(owner)).rejects.toMatchObject({ code: 'RELEASED_CLIENT' })
  })
})

describe('pool.query', () => {
  test('calls the callback of a query object once, and that of a function with an error', async () => {
    const pool = makePool({ max: 1 })
    let calls = 0
    const query = new pg.Query(owner, () => void (calls += 1))
    await scope.run(a, () => pool.query(query as never))
    const failing = new pg.Query('select 1/0', () => void (calls += 1))
    await expect(scope.run(a, () => pool.query(failing as never))).rejects.toMatchObject({ code: '22012' })
    const client = await checkOut(pool, a)
    await scope.run(a, () => new Promise((resolve) => client.query(new pg.Query(owner, () => resolve((calls += 1))))))
    client.release()
    await sleep(10)
    expect(calls).toBe(3)
    const answer = await new Promise((resolve) => pool.query(resolve as never))
    expect(answer).toBeInstanceOf(TypeError)
  })
})
