import { Query, type PoolClient } from 'pg'
import { describe, expect, it } from 'vitest'
import { twoTenants } from '../support/tenants/two-tenants.ts'

const { a, b, scope, makePool, admin } = await twoTenants()
const pool = makePool({ max: 2 })

type Prepare = (client: Pick<PoolClient, 'query'>) => Promise<unknown>

const owner = 'select owner from items where id = 1'

describe('isolation levels', () => {
  it.each([
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

it('keeps its tenant through nested savepoints and rollbacks to them', async () => {
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

it('bites: a path that is set once in a transaction is undone by a rollback to an earlier savepoint', async () => {
  await admin.query('begin')
  await admin.query('savepoint one')
  await admin.query(`select set_config('search_path', 'tenant_a, public', true)`)
  await admin.query('rollback to savepoint one')
  await expect(admin.query(owner)).rejects.toMatchObject({ code: '42P01' })
  await admin.query('rollback')
})

it('checks deferred constraints at commit in its own schema', async () => {
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

it('leaves no path behind, whatever the end of the transaction', async () => {
  for (const end of ['commit', 'rollback']) {
    const client = await scope.run(a, () => pool.connect())
    await client.query('begin')
    await client.query(owner)
    await client.query(end)
    // Looked at from below: what the session itself would resolve.
    const { rows } = await scope.run(a, () => client.query(`select setting from pg_settings where name = 'search_path'`))
    expect(rows[0].setting).toContain('tenant_a')
    const { rows: raw } = await admin.query(`select reset_val from pg_settings where name = 'search_path'`)
    expect(raw[0].reset_val).toBe('"$user", public')
    client.release()
  }
})

describe('a connection of another scope', () => {
  it('refuses the statement of B on the client of A, in and out of a transaction', async () => {
    await inTenantA(async (client) => {
      const use = (): Promise<unknown> => scope.run(b, () => client.query(owner))
      await expect(use()).rejects.toMatchObject({ code: 'WRONG_TENANT', details: { owner: 'tenant_a', now: 'tenant_b' } })
      await client.query('begin')
      await expect(use()).rejects.toMatchObject({ code: 'WRONG_TENANT' })
      // The refusal reached nobody: the transaction of A is untouched.
      expect((await client.query(owner)).rows).toEqual([{ owner: a.schema }])
      await client.query('commit')
    })
  })

  it('refuses it in the shared scope too, and the other way round', async () => {
    await inTenantA(async (client) => {
      await expect(scope.runShared(() => client.query(owner))).rejects.toMatchObject({ code: 'WRONG_TENANT' })
    })
    const shared = await scope.runShared(() => pool.connect())
    await expect(scope.run(a, () => shared.query(owner))).rejects.toMatchObject({ code: 'WRONG_TENANT' })
    shared.release()
  })

  it('refuses by callback and by query object as well', async () => {
    await inTenantA(async (client) => {
      const byCallback = await new Promise((resolve) => scope.run(b, () => client.query(owner, (error) => resolve(error))))
      expect(byCallback).toMatchObject({ code: 'WRONG_TENANT' })
    })
  })

  it('lets code that lost its scope go on with the client of its tenant', async () => {
    const client = await scope.run(a, () => pool.connect())
    expect((await client.query(owner)).rows).toEqual([{ owner: a.schema }])
    client.release()
  })
})

describe('a client that went back', () => {
  it('refuses who still holds it', async () => {
    const client = await scope.run(a, () => pool.connect())
    client.release()
    await expect(scope.run(a, () => client.query(owner))).rejects.toMatchObject({ code: 'RELEASED_CLIENT' })
  })

  it('refuses a second release, without touching the next holder', async () => {
    const single = makePool({ max: 1 })
    const { release } = await scope.run(a, () => single.connect())
    release()
    const second = await scope.run(b, () => single.connect())
    expect(() => release()).toThrow(/already been released/)
    expect((await scope.run(b, () => second.query(owner))).rows).toEqual([{ owner: b.schema }])
    await expect(scope.run(a, () => second.query(owner))).rejects.toMatchObject({ code: 'WRONG_TENANT' })
    second.release()
  })

  it('refuses a SET of who still holds it', async () => {
    const client = await scope.run(a, () => pool.connect())
    client.release()
    await expect(scope.run(a, () => client.query(`set timezone to 'Asia/Tokyo'`))).rejects.toMatchObject({
      code: 'RELEASED_CLIENT',
    })
  })
})

describe("what prepares a connection, before it is anybody's", () => {
  it.each([
    ['a "connect" listener', (prepare: Prepare) => ({ listener: prepare, options: {} })],
    ['onConnect', (prepare: Prepare) => ({ listener: undefined, options: { onConnect: prepare } })],
    [
      'verify',
      (prepare: Prepare) => ({
        listener: undefined,
        options: { verify: (client: never, done: () => void) => void prepare(client).then(done, done) },
      }),
    ],
  ])('%s may set for good, and its other statements see the shared schema', async (_, make) => {
    const seen: unknown[] = []
    const { listener, options } = make(async (client) => {
      // Both at once: who is not waited for would speak up when the connection is somebody's.
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

describe('a client that somebody else made from the options of the pool', () => {
  it('is bound to the scope of each statement, and refuses to keep anything', async () => {
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

it('takes its snapshot after LOCK TABLE, as it would without a tenant', async () => {
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

it('sends SET LOCAL and SHOW before SET TRANSACTION without spoiling it', async () => {
  await inTenantA(async (client) => {
    await client.query('begin')
    await client.query(`set local lock_timeout = '1s'`)
    await client.query('show lock_timeout')
    await client.query('set transaction isolation level serializable')
    expect((await client.query('show transaction_isolation')).rows).toEqual([{ transaction_isolation: 'serializable' }])
    await client.query('rollback')
  })
})

describe('texts that would end their own binding', () => {
  it.each([
    'begin; select 1',
    'select 1; commit; select 2',
    'insert into items values (99, $$x$$); rollback; select * from notes',
    'select 1; /* ; */ savepoint x; select 2',
    "select ';'; end; select 2",
    'select 1; prepare transaction $$x$$; select 2',
    'select 1; select 2 -- a carriage return ends the comment\r; commit; select * from notes',
    `select E'a'\n'\\''; commit; select ''; --'; select 2`,
  ])('refuses %s', async (text) => {
    await expect(scope.run(a, () => pool.query(text))).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
  })

  it.each(['begin', 'commit', ' ROLLBACK ; ', '/* x */ start transaction', 'savepoint x', 'set transaction read only'])(
    'refuses %s through pool.query',
    async (text) => {
      await expect(scope.run(a, () => pool.query(text))).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
    },
  )

  it('lets an SQL function with a body of its own pass', async () => {
    await scope.run(a, () =>
      pool.query(
        `create function both_sides() returns bigint begin atomic select count(*) from items; select count(case when owner = 'tenant_a' then 1 end) / 20 from items; end; select 1`,
      ),
    )
    expect((await scope.run(a, () => pool.query('select both_sides()'))).rows).toEqual([{ both_sides: '1' }])
  })

  it('stops a DO block that commits in the middle: its second half would go to the shared schema', async () => {
    const text = `do $$ begin insert into notes values (50, 'a'); commit; insert into notes values (51, 'a'); end $$`
    await admin.query('create table tenant_a.notes (like public.notes)')
    await expect(scope.run(a, () => pool.query(text))).rejects.toMatchObject({ code: 'NEEDS_SESSION' })
    expect((await admin.query('select count(*)::int as n from public.notes')).rows).toEqual([{ n: 1 }])
    expect((await admin.query('select count(*)::int as n from tenant_a.notes')).rows).toEqual([{ n: 0 }])
  })

  it('stops a procedure that commits in the middle, called with and without parameters', async () => {
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
