import { Query, type PoolClient, type types } from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { describe, expect, test } from 'vitest'
import type { Tenant } from '../../src/types.ts'
import { isPooled, unlessPooled } from '../support/servers/route.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

const { a, b, scope, makePool, admin } = await twoTenants()
await admin.query(
  `create table public.items (id int primary key, owner text, note text); insert into public.items values (1, 'public')`,
)

const owner = 'select owner from items where id = 1'

type Runs = (query: object) => Promise<{ rows: unknown[] }>

describe('a named pg.Query', () => {
  test('is bound at each use, also when it is already prepared', async () => {
    const pool = makePool({ max: 1 })
    for (const tenant of [a, a, b, a, b]) {
      const query = pool.query as unknown as Runs
      const { rows } = await scope.run(tenant, () => query(new Query({ name: 'owner', text: owner })))
      expect(rows).toEqual([{ owner: tenant.schema }])
    }
  })

  test('is prepared again after it did not parse', async () => {
    const pool = makePool({ max: 1 })
    const query = pool.query as unknown as Runs
    const later = (): Promise<unknown> =>
      scope.run(a, () => query(new Query({ name: 'later', text: 'select x from made_later' })))
    await expect(later()).rejects.toMatchObject({ code: '42P01' })
    await admin.query('create table tenant_a.made_later as select 1 as x')
    await expect(later()).resolves.toMatchObject({ rows: [{ x: 1 }] })
  })
})

test('the callback of a query object is called, and its connection is released', async () => {
  const pool = makePool({ max: 1 })
  for (let n = 0; n < 3; n++) {
    const called = new Promise((resolve) => {
      const query = new Query(owner, [], (_error, result) => resolve(result.rows))
      void scope.run(a, () => pool.query(query))
    })
    expect(await called).toEqual([{ owner: a.schema }])
  }
})

test('a query object that writes no known message is refused', async () => {
  const pool = makePool({ max: 1 })
  const strange = {
    submit: () => null,
    handleError: (error: Error) => (strange.callback as (reason: Error) => void)(error),
    callback: undefined as unknown,
  }
  await expect(scope.run(a, () => pool.query(strange) as unknown as Promise<unknown>)).rejects.toMatchObject({
    code: 'UNSAFE_STATEMENT',
  })
})

describe('a statement that cannot be written', () => {
  const unwritable: Record<string, object> = {
    'values that are no array': { text: 'select $1', values: 'abc' },
    'neither text nor name': {},
    // Behind a pooler no names are prepared.
    ...(isPooled ? {} : { 'a name that stands for another text': { name: 'clash', text: 'select 2' } }),
    'a value that cannot be converted to text': { text: 'select $1::json', values: [circular()] },
  }

  test.each(Object.entries(unwritable))('%s is refused, and the connection stays usable', async (_, config) => {
    const pool = makePool({ max: 1 })
    await scope.run(a, () => pool.query({ name: 'clash', text: 'select 1' }))
    for (let n = 0; n < 2; n++) {
      await expect(scope.run(a, () => pool.query(config as { text: string }))).rejects.toThrow(
        /values must be an array|either text or a name|must be unique|circular/,
      )
      expect((await scope.run(b, () => pool.query(owner))).rows).toEqual([{ owner: b.schema }])
      expect((await scope.run(a, () => pool.query('select 1 as x; select 2 as y'))) as unknown).toHaveLength(2)
    }
  })

  test.each([{}, { rows: 2 }])('is refused in a failed transaction as well, with %j', async (how) => {
    const config = { text: 'select $1::json', values: [circular()], ...how }
    for (const make of [(): object => config, (): object => new Query(config)]) {
      const pool = makePool({ max: 1 })
      await scope.run(a, async () => {
        const client = await pool.connect()
        await client.query('begin')
        await client.query('select 1 / 0').catch(() => {})
        await expect(answerOn(client, make())).rejects.toThrow(/circular|transaction is aborted/)
        await client.query('rollback')
        expect((await client.query(owner)).rows).toEqual([{ owner: a.schema }])
        client.release()
      })
      expect(pool.idleCount).toBe(1)
    }
  })
})

describe('a row that cannot be read', () => {
  const parsing = {
    getTypeParser: () => () => {
      throw new Error('cannot be read')
    },
  } as unknown as typeof types

  test.each(['simple', 'extended', 'object'])(
    'is rejected with the error of the parser, and the connection is kept (%s)',
    async (how) => {
      const pool = makePool({ max: 1 })
      const config = { text: owner, types: parsing }
      const query = pool.query as unknown as Runs
      const ways: Record<string, () => object> = {
        simple: () => config,
        extended: () => ({ ...config, values: [] }),
        object: () => new Query(config),
      }
      await expect(scope.run(a, () => query(ways[how]!()))).rejects.toThrow('cannot be read')
      expect((await scope.run(b, () => pool.query(owner))).rows).toEqual([{ owner: b.schema }])
      expect(pool.totalCount).toBe(1)
    },
  )
})

describe('a statement that goes by the extended protocol, because it', () => {
  const ways: Record<string, object> = {
    'reads pages of rows': { rows: 5 },
    'has the query mode "extended"': { queryMode: 'extended' },
    'reads pages of rows and has values': { values: [], rows: 2 },
  }
  const kinds: Record<string, (config: object) => object> = {
    'a config object': (config) => config,
    'a query object': (config) => new Query(config as { text: string }),
  }
  const all = Object.entries(ways).flatMap(([way, config]) =>
    Object.entries(kinds).map(([kind, make]) => [way, kind, (text: string) => make({ ...config, text })] as const),
  )

  test.each(all)('%s, is refused with several statements, as by plain pg (%s)', async (_, _kind, make) => {
    await expectRefused(make, 'select 1; select 2', '42601')
  })

  test.each(all)('%s, fails with the error of the server (%s)', async (_, _kind, make) => {
    await expectRefused(make, 'select 1 / 0', '22012')
    await expectRefused(make, 'select * from no_such_table', '42P01')
    // The server reports it in place of the end of the transaction, when the Sync is sent already.
    await expectRefused(make, 'insert into children values (1, 99)', '23503')
    await expectRefused(make, 'copy items from stdin', '57014')
  })

  test.each(all)('%s, fails in a transaction, and so does what follows (%s)', async (_, _kind, make) => {
    const pool = makePool({ max: 1 })
    await scope.run(a, async () => {
      const client = await pool.connect()
      await client.query('begin')
      await expect(answerOn(client, make('select 1 / 0'))).rejects.toMatchObject({ code: '22012' })
      await expect(answerOn(client, make('select 1'))).rejects.toMatchObject({ code: '25P02' })
      await client.query('rollback')
      expect((await client.query(owner)).rows).toEqual([{ owner: a.schema }])
      client.release()
    })
    expect(pool.idleCount).toBe(1)
  })
})

describe.each<[string, (text: string) => Cursor | QueryStream]>([
  ['a cursor', (text) => new Cursor(text)],
  ['a stream of pg-query-stream', (text) => new QueryStream(text)],
])('%s', (_, make) => {
  test.each([
    ['copy items from stdin', /^COPY from stdin failed: this query object has no rows to send/],
    ['copy items to stdout', /^COPY … TO STDOUT was sent by a query object that cannot receive its rows/],
  ])('refuses %j instead of waiting indefinitely, and the connection stays usable', async (text, message) => {
    const pool = makePool({ max: 1 })
    await scope.run(a, async () => {
      const client = await pool.connect()
      await expect(read(client.query(make(text)))).rejects.toThrow(message)
      for (let n = 0; n < 2; n++) expect((await client.query(owner)).rows).toEqual([{ owner: a.schema }])
      expect(await read(client.query(make(owner)))).toEqual([{ owner: a.schema }])
      client.release()
    })
    expect((await scope.run(b, () => pool.query(owner))).rows).toEqual([{ owner: b.schema }])
    expect(pool.totalCount).toBe(1)
  })
})

test('a COPY FROM STDIN without a stream is ended instead of waiting indefinitely', async () => {
  const pool = makePool({ max: 1 })
  for (const text of ['copy items from stdin', 'select 1; copy items from stdin']) {
    await expect(scope.run(a, () => pool.query(text))).rejects.toMatchObject({ code: '57014' })
    expect((await scope.run(b, () => pool.query(owner))).rows).toEqual([{ owner: b.schema }])
  }
})

test('a statement whose text and values are getters of a class works', async () => {
  class Statement {
    get text(): string {
      return 'select owner from items where id = $1'
    }
    get values(): number[] {
      return [1]
    }
  }
  const pool = makePool({ max: 1 })
  for (const tenant of [a, b]) {
    expect((await scope.run(tenant, () => pool.query(new Statement()))).rows).toEqual([{ owner: tenant.schema }])
    const client = await scope.run(tenant, () => pool.connect())
    expect((await scope.run(tenant, () => client.query(new Statement()))).rows).toEqual([{ owner: tenant.schema }])
    client.release()
  }
})

test('a statement whose text is another one each time is judged by the text that is sent', async () => {
  for (const kind of ['pool', 'client']) {
    const texts = ['select 1', `set timezone to 'Asia/Tokyo'`]
    const changing = {
      get text(): string {
        return texts.length > 1 ? texts.shift()! : texts[0]!
      },
    }
    const pool = makePool({ max: 1 })
    const send = async (): Promise<unknown> => {
      if (kind === 'pool') return pool.query(changing)
      const client = await pool.connect()
      return client.query(changing).finally(() => client.release())
    }
    await unlessPooled(scope.run(a, send))
    const { rows } = await scope.run(b, () => pool.query('show timezone'))
    expect(rows).toEqual([{ TimeZone: expect.not.stringContaining('Tokyo') }])
  }
})

test('a query object that is sent a second time is refused, and the next statement gets its own answer', async () => {
  const pool = makePool({ max: 1 })
  const query = new Query(owner)
  const outcome = (tenant: Tenant): Promise<unknown> =>
    scope.run(tenant, () => new Promise((resolve) => pool.query(query as never, (error, result) => resolve(error ?? result))))
  expect(await outcome(a)).toMatchObject({ rows: [{ owner: a.schema }] })
  expect(await outcome(b)).toMatchObject({ code: 'UNSAFE_STATEMENT' })
  expect((await scope.run(b, () => pool.query(owner))).rows).toEqual([{ owner: b.schema }])
})

test('a statement that is prepared again is never run after a later one', async () => {
  const pool = makePool({ max: 1 })
  await admin.query('create table tenant_a.ordered (x int); insert into tenant_a.ordered values (1)')
  const named = { name: 'ordered', text: 'select * from ordered' }
  const client = (await scope.run(a, () => pool.connect())) as PoolClient
  await client.query(named)
  await admin.query('alter table tenant_a.ordered add column y int')
  // The plan is outdated: alone, the statement would be prepared again. With another one queued, that would change the order.
  const outcomes = await Promise.allSettled([client.query(named), client.query('delete from ordered')])
  const [first] = outcomes
  if (first.status === 'fulfilled') expect(first.value.rows).toHaveLength(1)
  else expect(first.reason).toMatchObject({ code: '0A000' })
  client.release()
})

describe('the temporary tables of a tenant itself', () => {
  const uses: Record<string, (client: PoolClient) => Promise<{ rows: unknown[] }>> = {
    'a statement': (client) => client.query('select x from mine'),
    'a statement after an error': async (client) => {
      await client.query('select 1 / 0').catch(() => {})
      return client.query('select x from mine')
    },
    'several statements': async (client) =>
      ((await client.query('select 1; select x from mine')) as unknown as { rows: unknown[] }[])[1]!,
    'a cursor': async (client) => {
      const cursor = client.query(new Cursor('select x from mine'))
      const rows = await cursor.read(5)
      await cursor.close()
      return { rows }
    },
    'a stream': async (client) => ({ rows: await client.query(new QueryStream('select x from mine')).toArray() }),
    'a transaction that is rolled back': async (client) => {
      await client.query('begin')
      await client.query('delete from mine')
      await client.query('savepoint s')
      await client.query('rollback to savepoint s')
      await client.query('rollback')
      return client.query('select x from mine')
    },
  }

  // Behind a pooler a checkout has no session of its own that could keep them, so they are refused.
  test.each(Object.entries(uses))('are kept for the whole checkout: %s', async (_, use) => {
    const pool = makePool({ max: 1 })
    for (const inTransaction of [false, true]) {
      await scope.run(a, async () => {
        const client = await pool.connect()
        if (inTransaction) await client.query('begin')
        await unlessPooled(client.query('create temp table mine (x int)'))
        if (!isPooled) await client.query('insert into mine values (7)')
        if (inTransaction) await client.query('commit')
        if (isPooled) await expect(use(client)).rejects.toMatchObject({ code: '42P01' })
        else expect((await use(client)).rows).toEqual([{ x: 7 }])
        client.release()
      })
    }
  })

  test('are kept for a transaction that is the first one on a new connection, on both routes if a function made them', async () => {
    await admin.query(`create function public.make_mine() returns void language plpgsql as $$
      begin create temp table mine (x int) on commit drop; end $$`)
    for (const make of isPooled
      ? ['select public.make_mine()']
      : ['select public.make_mine()', 'create temp table mine (x int)']) {
      const pool = makePool({ max: 1 })
      await scope.run(a, async () => {
        const client = await pool.connect()
        await client.query('begin')
        await client.query(make)
        await client.query('savepoint s')
        await client.query('insert into mine values (7)')
        expect((await client.query('select x from mine')).rows).toEqual([{ x: 7 }])
        await client.query('commit')
        client.release()
      })
    }
  })
})

async function expectRefused(make: (text: string) => object, text: string, code: string): Promise<void> {
  const pool = makePool({ max: 1 })
  const query = pool.query as unknown as Runs
  await expect(scope.run(a, () => query(make(text)))).rejects.toMatchObject({ code })
  // An answer too many would be taken for one of these.
  for (const tenant of [b, a]) {
    const owners = await Promise.all([1, 2].map(() => scope.run(tenant, () => pool.query(owner))))
    expect(owners.map(({ rows }) => rows)).toEqual([[{ owner: tenant.schema }], [{ owner: tenant.schema }]])
  }
  expect(pool.totalCount).toBe(1)
}

function answerOn(client: PoolClient, query: object): Promise<unknown> {
  return new Promise((resolve, reject) =>
    client.query(query as never, (error: Error, result: unknown) => (error ? reject(error) : resolve(result))),
  )
}

function read(query: Cursor | QueryStream): Promise<unknown> {
  return 'toArray' in query ? query.toArray() : query.read(5)
}

function circular(): object {
  const value: Record<string, unknown> = {}
  value['self'] = value
  return value
}
