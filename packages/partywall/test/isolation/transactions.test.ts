import { Query, type PoolClient } from 'pg'
import { describe, expect, test } from 'vitest'
import { resolveOptions } from '../../src/config/options.ts'
import { OpenDatabase } from '../../src/database/open-database.ts'
import type { Transaction } from '../../src/ports/database.ts'
import { letChange } from '../support/tenants/adopt.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

const { a, b, scope, makePool, admin, url } = await twoTenants()
const pool = makePool({ max: 2 })

type Prepare = (client: Pick<PoolClient, 'query'>) => Promise<unknown>

const owner = 'select owner from items where id = 1'

describe('isolation levels', () => {
  test.each([
    ['begin isolation level serializable', undefined, 'serializable'],
    ['start transaction isolation level repeatable read, read only', undefined, 'repeatable read'],
    ['BEGIN', 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'serializable'],
    ['begin;', 'set transaction isolation level repeatable read;', 'repeatable read'],
  ])('%s, then %s', async (begin, set, level) => {
    await inTenantA(async (client) => {
      await client.query(begin)
      if (set !== undefined) await client.query(set)
      expect((await client.query('show transaction_isolation')).rows).toEqual([{ transaction_isolation: level }])
      expect((await client.query(owner)).rows).toEqual([{ owner: a.schema }])
      await client.query('commit')
    })
  })
})

test('a transaction keeps its tenant through nested savepoints and rollbacks to them', async () => {
  await inTenantA(async (client) => {
    await client.query('begin')
    await client.query('savepoint one')
    expect((await client.query(owner)).rows).toEqual([{ owner: a.schema }])
    await client.query('savepoint two')
    await client.query('select 1 / 0').catch(() => {})
    await client.query('rollback to savepoint two')
    expect((await client.query(owner)).rows).toEqual([{ owner: a.schema }])
    await client.query('rollback to savepoint one')
    expect((await client.query(owner)).rows).toEqual([{ owner: a.schema }])
    await client.query('release savepoint one')
    await client.query('rollback')
    expect((await client.query(owner)).rows).toEqual([{ owner: a.schema }])
  })
})

test('bites: a path that is set once in a transaction is undone by a rollback to an earlier savepoint', async () => {
  await admin.query('begin')
  await admin.query('savepoint one')
  await admin.query(`select set_config('search_path', 'tenant_a, public', true)`)
  await admin.query('rollback to savepoint one')
  await expect(admin.query(owner)).rejects.toMatchObject({ code: '42P01' })
  await admin.query('rollback')
})

test('deferred constraints are checked at commit in the own schema', async () => {
  await inTenantA(async (client) => {
    await client.query('begin')
    await client.query('insert into children (parent_id) values (7)')
    await client.query('insert into parents values (7)')
    await client.query('commit')
    await client.query('begin')
    await client.query('insert into children (parent_id) values (8)')
    await expect(client.query('commit')).rejects.toMatchObject({ code: '23503' })
  })
})

test('a transaction leaves no path behind, whatever its end', async () => {
  for (const end of ['commit', 'rollback']) {
    const client = await scope.run(a, () => pool.connect())
    await client.query('begin')
    await client.query(owner)
    await client.query(end)
    // The path that the session itself would use.
    const { rows } = await scope.run(a, () => client.query(`select setting from pg_settings where name = 'search_path'`))
    expect(rows[0].setting).toContain('tenant_a')
    const { rows: raw } = await admin.query(`select reset_val from pg_settings where name = 'search_path'`)
    expect(raw[0].reset_val).toBe('"$user", public')
    client.release()
  }
})

describe('a client that was checked out in another scope', () => {
  test('refuses the statement of B on the client of A, in and outside of a transaction', async () => {
    await inTenantA(async (client) => {
      const use = (): Promise<unknown> => scope.run(b, () => client.query(owner))
      await expect(use()).rejects.toMatchObject({ code: 'WRONG_TENANT', details: { owner: 'tenant_a', now: 'tenant_b' } })
      await client.query('begin')
      await expect(use()).rejects.toMatchObject({ code: 'WRONG_TENANT' })
      // Nothing was sent: the transaction of A is untouched.
      expect((await client.query(owner)).rows).toEqual([{ owner: a.schema }])
      await client.query('commit')
    })
  })

  test('refuses a statement of the shared scope on the client of A, and the other way round', async () => {
    await inTenantA(async (client) => {
      await expect(scope.runShared(() => client.query(owner))).rejects.toMatchObject({ code: 'WRONG_TENANT' })
    })
    const shared = await scope.runShared(() => pool.connect())
    await expect(scope.run(a, () => shared.query(owner))).rejects.toMatchObject({ code: 'WRONG_TENANT' })
    shared.release()
  })

  test('passes its refusal to a callback', async () => {
    await inTenantA(async (client) => {
      const byCallback = await new Promise((resolve) => scope.run(b, () => client.query(owner, (error) => resolve(error))))
      expect(byCallback).toMatchObject({ code: 'WRONG_TENANT' })
    })
  })

  test('serves code outside every scope for the tenant that checked it out', async () => {
    const client = await scope.run(a, () => pool.connect())
    expect((await client.query(owner)).rows).toEqual([{ owner: a.schema }])
    client.release()
  })
})

test('a transaction that partywall opened is refused after its end, with the binding of each schema', async () => {
  const database = new OpenDatabase(resolveOptions({ database: url }), scope)
  try {
    const [kept, seen] = await database.transaction(async (transaction): Promise<[Transaction, unknown]> => {
      const { rows } = await transaction.in(a.schema).query({ text: owner })
      return [transaction, rows]
    })
    expect(seen).toEqual([{ owner: a.schema }])
    for (const queryable of [kept, kept.in(a.schema)]) {
      await expect(queryable.query({ text: 'select 1' })).rejects.toMatchObject({ code: 'RELEASED_CLIENT' })
    }
  } finally {
    await database.close()
  }
})

describe('a released client', () => {
  test('refuses a statement', async () => {
    const client = await scope.run(a, () => pool.connect())
    client.release()
    await expect(scope.run(a, () => client.query(owner))).rejects.toMatchObject({ code: 'RELEASED_CLIENT' })
  })

  test('refuses a second release, and the next holder keeps the connection', async () => {
    const single = makePool({ max: 1 })
    const { release } = await scope.run(a, () => single.connect())
    release()
    const second = await scope.run(b, () => single.connect())
    expect(() => release()).toThrow(/already been released/)
    expect((await scope.run(b, () => second.query(owner))).rows).toEqual([{ owner: b.schema }])
    await expect(scope.run(a, () => second.query(owner))).rejects.toMatchObject({ code: 'WRONG_TENANT' })
    second.release()
  })

  test('refuses a SET', async () => {
    const client = await scope.run(a, () => pool.connect())
    client.release()
    await expect(scope.run(a, () => client.query(`set timezone to 'Asia/Tokyo'`))).rejects.toMatchObject({
      code: 'RELEASED_CLIENT',
    })
  })
})

describe('a statement that prepares a connection before it is checked out', () => {
  test.each([
    ['a "connect" listener', (prepare: Prepare) => ({ listener: prepare, options: {} })],
    ['onConnect', (prepare: Prepare) => ({ listener: undefined, options: { onConnect: prepare } })],
    [
      'verify',
      (prepare: Prepare) => ({
        listener: undefined,
        options: { verify: (client: never, done: () => void) => void prepare(client).then(done, done) },
      }),
    ],
  ])('from %s may change the session, and otherwise sees the shared schema', async (_, make) => {
    const seen: unknown[] = []
    const { listener, options } = make(async (client) => {
      // Both at once: a statement that is not awaited would run when a tenant has the connection.
      const sent = [client.query(`set application_name to 'mine'`), client.query('select owner from notes')] as const
      seen.push((await sent[1]).rows)
    })
    const prepared = makePool({ max: 1, ...(options as object) })
    if (listener !== undefined) prepared.on('connect', (client) => void listener(client))
    for (const tenant of [a, b]) {
      const { rows } = await scope.run(tenant, () =>
        prepared.query(`select current_setting('application_name') as name, owner from items where id = 1`),
      )
      expect(rows).toEqual([{ name: 'mine', owner: tenant.schema }])
    }
    expect(seen).toEqual([[{ owner: 'public' }]])
    expect(prepared.totalCount).toBe(1)
  })
})

describe('a client that another library made from the options of the pool', () => {
  test('is bound to the scope of each statement, and refuses statements that leave something', async () => {
    const foreign = new (pool as unknown as { Client: new (options: object) => PoolClient }).Client(pool.options)
    await foreign.connect()
    for (const tenant of [a, b])
      expect((await scope.run(tenant, () => foreign.query(owner))).rows).toEqual([{ owner: tenant.schema }])
    await expect(foreign.query(owner)).rejects.toMatchObject({ code: 'NO_TENANT' })
    await expect(scope.run(a, () => foreign.query(`set timezone to 'Asia/Tokyo'`))).rejects.toMatchObject({
      code: 'UNSAFE_STATEMENT',
    })
    await scope.run(a, () => foreign.query('begin'))
    await expect(scope.run(b, () => foreign.query(owner))).rejects.toMatchObject({ code: 'WRONG_TENANT' })
    await foreign.end()
  })
})

test('a transaction takes its snapshot after LOCK TABLE, as it does without a tenant', async () => {
  await inTenantA(async (client) => {
    await client.query('begin isolation level repeatable read')
    await client.query('lock table items')
    const late = admin.query(`insert into public.notes values (2, 'late') on conflict (id) do update set owner = 'late'`)
    await late
    expect((await client.query('select owner from public.notes where id = 2')).rows).toEqual([{ owner: 'late' }])
    await client.query('rollback')
    await admin.query('delete from public.notes where id = 2')
  })
})

test('SET TRANSACTION works after SET LOCAL and SHOW', async () => {
  await inTenantA(async (client) => {
    await client.query('begin')
    await client.query(`set local lock_timeout = '1s'`)
    await client.query('show lock_timeout')
    await client.query('set transaction isolation level serializable')
    expect((await client.query('show transaction_isolation')).rows).toEqual([{ transaction_isolation: 'serializable' }])
    await client.query('rollback')
  })
})

describe('a text that would end its own binding', () => {
  test.each([
    'begin; select 1',
    'select 1; commit; select 2',
    'insert into items values (99, $$x$$); rollback; select * from notes',
    'select 1; /* ; */ rollback to x; select 2',
    "select ';'; end; select 2",
    'select 1; prepare transaction $$x$$; select 2',
    'select 1; select 2 -- a carriage return ends the comment\r; commit; select * from notes',
    `select E'a'\n'\\''; commit; select ''; --'; select 2`,
  ])('is refused: %s', async (text) => {
    await expect(scope.run(a, () => pool.query(text))).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
  })

  test.each(['begin', 'commit', ' ROLLBACK ; ', '/* x */ start transaction', 'savepoint x', 'set transaction read only'])(
    'is refused through pool.query: %s',
    async (text) => {
      await expect(scope.run(a, () => pool.query(text))).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
    },
  )

  test('does not include BEGIN ATOMIC in the body of an SQL function, which is sent', async () => {
    await letChange(admin, a)
    await scope.run(a, () =>
      pool.query(
        `create function both_sides() returns bigint begin atomic select count(*) from items; select count(case when owner = 'tenant_a' then 1 end) / 20 from items; end; select 1`,
      ),
    )
    expect((await scope.run(a, () => pool.query('select both_sides()'))).rows).toEqual([{ both_sides: '1' }])
  })

  test('is refused as a DO block that commits in the middle, whose second half would use the shared schema', async () => {
    const text = `do $$ begin insert into notes values (50, 'a'); commit; insert into notes values (51, 'a'); end $$`
    await admin.query('create table tenant_a.notes (like public.notes)')
    await expect(scope.run(a, () => pool.query(text))).rejects.toMatchObject({ code: 'NEEDS_SESSION' })
    expect((await admin.query('select count(*)::int as n from public.notes')).rows).toEqual([{ n: 1 }])
    expect((await admin.query('select count(*)::int as n from tenant_a.notes')).rows).toEqual([{ n: 0 }])
  })

  test('is refused as a procedure that commits in the middle, called with and without parameters', async () => {
    await admin.query(`create procedure tenant_b.twice(n int) language plpgsql as $$
      begin insert into notes values (n, 'b'); commit; insert into notes values (n + 1, 'b'); end $$`)
    await admin.query('create table tenant_b.notes (like public.notes)')
    await expect(scope.run(b, () => pool.query('call twice(60)'))).rejects.toMatchObject({ code: 'NEEDS_SESSION' })
    await expect(scope.run(b, () => pool.query('call twice($1)', [70]))).rejects.toMatchObject({ code: 'NEEDS_SESSION' })
    await expect(scope.run(b, () => pool.query({ name: 'twice', text: 'call twice(80)' }))).rejects.toMatchObject({
      code: 'NEEDS_SESSION',
    })
    await expect(
      scope.run(b, () => pool.query({ name: 'do', text: `do $$ begin call twice(90); end $$` })),
    ).rejects.toMatchObject({
      code: 'NEEDS_SESSION',
    })
    for (const query of [new Query('call twice($1)', [65]), new Query('call twice(66)')]) {
      await expect(scope.run(b, () => pool.query(query) as unknown as Promise<unknown>)).rejects.toMatchObject({
        code: expect.stringMatching(/NEEDS_SESSION|2D000/),
      })
    }
    expect((await admin.query('select count(*)::int as n from public.notes where id >= 50')).rows).toEqual([{ n: 0 }])
  })
})

async function inTenantA<T>(fn: (client: PoolClient) => Promise<T>): Promise<T> {
  return scope.run(a, async () => {
    const client = await pool.connect()
    try {
      return await fn(client)
    } finally {
      client.release()
    }
  })
}
