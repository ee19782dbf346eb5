/** Texts of several statements that control their own transaction, and statements that have no effect outside of one. */
import { expect, test } from 'vitest'
import { isByRole } from '../support/servers/boundary.ts'
import { isPooled } from '../support/servers/route.ts'
import { twoTenants } from '../support/tenants/two-tenants.ts'

const { a, b, scope, makePool, admin, discarded } = await twoTenants()
await admin.query('create sequence public.numbers')

type Result = { rows: unknown[] }

test('a text that begins a transaction and ends with its commit runs as its tenant', async () => {
  const pool = makePool({ max: 1 })
  const text = `
    begin; set local lock_timeout = 30000; select pg_advisory_xact_lock(1); savepoint s;
    update items set note = 'lost'; rollback to savepoint s; select owner from items where id = 1; update items set note = 'kept'; commit`
  for (const tenant of [a, b]) {
    const results = (await scope.run(tenant, () => pool.query(text))) as unknown as Result[]
    expect(results.flatMap(({ rows }) => rows)).toContainEqual({ owner: tenant.schema })
    expect((await admin.query(`select distinct note from ${tenant.schema}.items`)).rows).toEqual([{ note: 'kept' }])
  }
})

test('a text in which a statement follows the end of the transaction is refused', async () => {
  const pool = makePool({ max: 1 })
  await expect(scope.run(a, () => pool.query('begin; select 1; commit; select owner from items'))).rejects.toMatchObject({
    code: 'UNSAFE_STATEMENT',
    details: { statement: 'commit' },
  })
})

test('a text that leaves its transaction open is refused by pool.query, and runs on a client', async () => {
  const pool = makePool({ max: 1 })
  const text = `begin; update items set note = 'open'`
  await expect(scope.run(a, () => pool.query(text))).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
  await scope.run(a, async () => {
    const client = await pool.connect()
    await client.query(text)
    expect((await client.query('select distinct owner, note from items')).rows).toEqual([{ owner: a.schema, note: 'open' }])
    await client.query('rollback')
    client.release()
  })
  expect((await admin.query(`select from ${a.schema}.items where note = 'open'`)).rowCount).toBe(0)
})

test('temporary tables of another tenant are found neither during nor after a text that rolls back its transaction', async () => {
  const pool = makePool({ max: 1 })
  await admin.query(`create or replace function public.leave_table() returns void language plpgsql as $$
    begin execute 'create temp table left_behind (x int)'; end $$`)
  await scope.run(a, () => pool.query('select public.leave_table()'))
  await scope.run(b, async () => {
    await pool.query('begin; select 1; rollback')
    await expect(pool.query('select * from left_behind')).rejects.toMatchObject({ code: '42P01' })
  })
})

/** What B sends on its client, statement by statement. Each look is bound, and may be the one that empties the temporary schema. */
const endings = {
  'a savepoint that was set in a text behind a rollback': [
    'begin',
    'rollback; begin; savepoint s',
    'look',
    'rollback to s',
    'look',
  ],
  'a savepoint that was set in a text behind a chained rollback': [
    'begin',
    'rollback and chain; savepoint s',
    'look',
    'rollback to s',
    'look',
  ],
  'a commit of a failed transaction, and a new one, in one text': ['begin', 'look', 'fail', 'commit; begin', 'look'],
  'a chained commit of a failed transaction in a text': [
    'begin',
    'look',
    'fail',
    'end and chain; savepoint s',
    'look',
    'rollback to s',
    'look',
  ],
  'a text that fails behind its commit': ['begin', 'look', 'commit; savepoint s', 'look'],
  'a text that fails behind its commit and a new begin': [
    'begin',
    'look',
    'commit; begin; savepoint s; release q',
    'rollback to s',
    'look',
    'rollback to s',
    'look',
  ],
  'a text that fails in its transaction': ['look', 'begin; commit; commit and chain', 'look'],
}
test.each(Object.entries(endings))('temporary tables of another tenant stay hidden after %s', async (_, steps) => {
  const pool = makePool({ max: 1 })
  await admin.query(`create or replace function public.leave_table() returns void language plpgsql as $$
    begin execute 'create temp table left_behind (x int)'; end $$`)
  await scope.run(a, () => pool.query('select public.leave_table()'))
  const client = await scope.run(b, () => pool.connect())
  for (const step of steps) {
    if (step === 'look') {
      const { rows } = await client.query(`select to_regclass('left_behind') as found, current_schema() as schema`)
      expect(rows).toEqual([{ found: null, schema: b.schema }])
    } else await client.query(step === 'fail' ? 'select 1/0' : step).catch(() => {})
  }
  await client.query('rollback')
  expect((await client.query(`select to_regclass('left_behind') as found`)).rows).toEqual([{ found: null }])
  client.release()
})

test('a temporary table that ends with its transaction keeps the connection', async () => {
  const pool = makePool({ max: 1 })
  const before = discarded.length
  const text = 'create temp table mine on commit drop as select owner from items; select count(*)::int as n from mine'
  const [, counted] = (await scope.run(a, () => pool.query(text))) as unknown as Result[]
  expect(counted!.rows).toEqual([{ n: 20 }])
  await scope.run(b, () => Promise.all([pool.query('select * from items'), pool.query('select * from items')]))
  await expect(scope.run(b, () => pool.query('select * from mine'))).rejects.toMatchObject({ code: '42P01' })
  expect(discarded.slice(before)).toEqual([])
})

test.each(['lock table items', 'declare mine cursor for select 1', '/* x */ LOCK items in share mode'])(
  'outside a transaction it is refused, as PostgreSQL does: %s',
  async (text) => {
    const pool = makePool({ max: 1 })
    await scope.run(a, async () => {
      await expect(pool.query(text)).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
      const client = await pool.connect()
      await expect(client.query(text)).rejects.toThrow('begin')
      await client.query('begin')
      await client.query(text)
      await client.query('commit')
      client.release()
    })
    await expect(admin.query(text.replace('items', 'tenant_a.items'))).rejects.toMatchObject({ code: '25P01' })
  },
)

test('no tenant reads a number that another one drew from a shared sequence', async () => {
  if (isByRole) await admin.query('grant usage on sequence public.numbers to public')
  const pool = makePool({ max: 1 })
  await scope.run(a, () => pool.query(`select nextval('numbers')`))
  await scope.run(b, async () => {
    for (const text of [`select currval('numbers')`, 'select lastval()', String.raw`select U&"curr\0076al"('public.numbers')`]) {
      await expect(pool.query(text)).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
    }
  })
})

test('a transaction that starts with SHOW names the path of its tenant', async () => {
  const pool = makePool({ max: 1 })
  await scope.run(a, async () => {
    const client = await pool.connect()
    await client.query('begin isolation level repeatable read')
    const { rows } = await client.query('show search_path')
    expect(rows).toEqual([{ search_path: expect.stringContaining('tenant_a') }])
    const settings = (await client.query('show all')).rows as { name: string; setting: string }[]
    expect(settings.find(({ name }) => name === 'search_path')!.setting).toContain('tenant_a')
    await admin.query(`update tenant_a.items set note = 'later' where id = 2`)
    expect((await client.query('select note from items where id = 2')).rows).toEqual([{ note: 'later' }])
    await client.query('commit')
    client.release()
  })
})

test.each([
  ['/* x */ vacuum items', 'VACUUM'],
  ['create unique index concurrently i on items (id)', 'CREATE INDEX CONCURRENTLY'],
  ['reindex index concurrently items_pkey', 'REINDEX INDEX CONCURRENTLY'],
  ['select 1; vacuum items', 'VACUUM'],
  ['do $$ begin commit; end $$', 'DO'],
])('the refusal of %s names %s', async (text, name) => {
  const pool = makePool({ max: 1 })
  await expect(scope.run(a, () => pool.query(text))).rejects.toMatchObject({
    code: 'NEEDS_SESSION',
    message: expect.stringMatching(new RegExp(`^${name} must`)),
  })
})

test.each(['reset work_mem', 'discard plans', 'deallocate all'])('%s is not refused on any route', async (text) => {
  const pool = makePool({ max: 1 })
  const before = discarded.length
  await scope.run(a, () => pool.query(text))
  expect(await scope.run(b, async () => (await pool.query({ name: 'x', text: 'select 1 as n' })).rows)).toEqual([{ n: 1 }])
  if (isPooled && text === 'discard plans') expect(discarded.length).toBe(before)
})
