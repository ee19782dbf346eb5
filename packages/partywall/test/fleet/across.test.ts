/** `tenancy.across`: exact in every tenant, read-only, bounded; and no hole. */
import { createTenancy, sql, type AcrossOptions, type Statement } from 'partywall'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'
import { migrations } from './fleet.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({ database: url, migrations })
const admin = new Client(url)
await admin.connect()
afterAll(async () => {
  await tenancy.close()
  await admin.end()
})
// Names that are keywords, or look like something else.
const schemas = ['acme', 'select', 'order', 'user-1', 'x_y', 'globex']
beforeAll(async () => {
  await tenancy.migrations.run()
  await admin.query(`insert into plans values (1, 'free'), (2, 'gold')`)
  for (const [index, schema] of schemas.entries()) {
    await tenancy.tenants.create({ schema })
    await tenancy.run(schema, () =>
      tenancy.pool.query(
        `insert into projects (title, plan_id) select current_schema() || ' ' || n, 1 + n % 2 from generate_series(1, $1::int) n`,
        [index + 1],
      ),
    )
  }
  await tenancy.tenants.suspend('globex')
})

const active = schemas.filter((schema) => schema !== 'globex').toSorted()
const rowsOf = async (statement: Statement, options?: AcrossOptions) => (await tenancy.across(statement, options).all()).rows

describe('the rows', () => {
  test('each tenant has its own, with the tenant beside them', async () => {
    const rows = await rowsOf(sql`select count(*)::int as n, min(title) as first from projects`)
    expect(rows.length).toBe(active.length)
    for (const { tenant, row } of rows) {
      expect(row).toEqual({ n: schemas.indexOf(tenant.schema) + 1, first: `${tenant.schema} 1` })
    }
    expect(rows.map(({ tenant }) => tenant.schema).toSorted()).toEqual(active)
  })

  test('order and limit hold in each tenant; joins reach the shared schema', async () => {
    const rows = await rowsOf(
      sql`select title, name from projects join plans on plans.id = plan_id order by title desc limit ${2}`,
      { tenants: ['x_y', 'order'], batch: 1 },
    )
    expect(rows.map(({ row }) => row)).toEqual([
      { title: 'x_y 5', name: 'gold' },
      { title: 'x_y 4', name: 'free' },
      { title: 'order 3', name: 'gold' },
      { title: 'order 2', name: 'free' },
    ])
  })

  test('a name that WITH, a subquery or an alias gives is not the table of the tenant', async () => {
    const statement = sql`
      with plans as (select title as name from projects), deep as (with projects as (select 1 as one) select one from projects)
      select (select count(*)::int from plans) as n, (select one from deep) as one, projects.title from projects where title like '% 1'`
    for (const { tenant, row } of await rowsOf(statement)) {
      expect(row).toEqual({ n: schemas.indexOf(tenant.schema) + 1, one: 1, title: `${tenant.schema} 1` })
    }
  })

  test('functions and views of a tenant read the tables of that tenant', async () => {
    for (const schema of ['acme', 'x_y']) {
      await tenancy.run(schema, () =>
        tenancy.pool.query('create function total() returns bigint language sql as $$ select count(*) from projects $$'),
      )
    }
    const rows = await rowsOf(sql`select total()::int as n`, { tenants: ['acme', 'x_y'] })
    expect(rows.map(({ row }) => row['n'])).toEqual([1, 5])
    // Qualifying the tables of the statement alone would read nothing here, or the shared schema.
    await expect(admin.query('set search_path to public; select acme.total()')).rejects.toThrow('projects')
    await admin.query('reset search_path')
  })

  test('parameters are values, whatever they hold, and are read as by node-postgres', async () => {
    const hostile = `'; drop table projects; -- \\ " $1`
    const at = new Date('2026-01-02T03:04:05.678Z')
    const [one] = await rowsOf(
      sql`select ${hostile}::text as text, ${at}::timestamptz as at, ${[1, 2]}::int[] as list, ${{ a: `'` }}::jsonb as json, ${null}::text as nothing, ${Buffer.from([0, 255])}::bytea as bytes`,
      { tenants: 'acme' },
    )
    expect(one!.row).toEqual({ text: hostile, at, list: [1, 2], json: { a: `'` }, nothing: null, bytes: Buffer.from([0, 255]) })
    expect((await rowsOf(sql`select count(*)::int as n from projects`, { tenants: 'acme' }))[0]!.row).toEqual({ n: 1 })
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    await expect(rowsOf(sql`select ${circular}`)).rejects.toThrow(/circular/i)
    expect(await rowsOf(sql`select 1 as one`, { tenants: 'acme' })).toHaveLength(1)
  })

  test('many batches at a time give the rows of every tenant once, in the order of the tenants', async () => {
    const options = { batch: 1, concurrency: 16, status: ['active', 'suspended'] } as const
    const rows = await rowsOf(sql`select current_schema() as here, generate_series(1, 50) as n`, options)
    expect(rows.length).toBe(schemas.length * 50)
    expect(rows.every(({ tenant, row }) => row['here'] === tenant.schema)).toBe(true)
    const order = rows.map(({ tenant }) => tenant.id)
    expect(order).toEqual(order.toSorted())
  })

  test('they come as they are read: a loop that is left early ends the rest', async () => {
    const reading = tenancy.across<{ n: number }>(sql`select generate_series(1, 10) as n`, { batch: 1, concurrency: 1 })
    for await (const { row } of reading) {
      expect(row.n).toBe(1)
      break
    }
    await expect(reading.all()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await rowsOf(sql`select 1 as one`)).toHaveLength(active.length)
  })
})

describe('tenants that differ', () => {
  test('a tenant without the table ends the call, or is left out with the reason', async () => {
    await admin.query('alter table "user-1".jobs rename to was_jobs')
    try {
      const statement = sql`select count(*)::int as n from jobs`
      await expect(rowsOf(statement)).rejects.toMatchObject({
        code: 'FLEET_FAILED',
        details: { report: { entries: [{ target: 'user-1' }] } },
      })
      const { rows, failed } = await tenancy.across(statement, { onFailure: 'skip' }).all()
      expect(failed.map(({ tenant }) => tenant.schema)).toEqual(['user-1'])
      expect(rows.map(({ tenant }) => tenant.schema).toSorted()).toEqual(active.filter((schema) => schema !== 'user-1'))
    } finally {
      await admin.query('alter table "user-1".was_jobs rename to jobs')
    }
  })

  test('a tenant that is dropped in the middle is left out, and its name does not lead to the shared schema', async () => {
    await admin.query('create table public.only_shared (n int); insert into only_shared values (7)')
    await tenancy.tenants.create({ schema: 'doomed' })
    const { id } = await tenancy.tenants.get('doomed')
    await admin.query('drop schema doomed cascade')
    const { rows, failed } = await tenancy.across(sql`select n from only_shared`, { onFailure: 'skip' }).all()
    expect(failed).toMatchObject([{ tenant: { id }, error: { code: 'SCHEMA_MISSING' } }])
    expect(rows.map(({ row }) => row)).toEqual(active.map(() => ({ n: 7 })))
    // A naive path reads the shared table in the place of the tenant's.
    await admin.query('set search_path to doomed, public')
    expect((await admin.query('select n from only_shared')).rows).toEqual([{ n: 7 }])
    await admin.query('reset search_path; create schema doomed')
    await tenancy.tenants.delete('doomed', { confirm: 'doomed' })
  })

  test('columns in another order stay with their names', async () => {
    await admin.query(`alter table acme.projects add column flag boolean default true`)
    await admin.query(`alter table acme.projects drop column note; alter table acme.projects add column note text default 'n'`)
    const rows = await rowsOf(sql`select * from projects where title like '% 1'`, { tenants: ['acme', 'x_y'] })
    expect(rows.map(({ row }) => [row['title'], row['note'], row['flag']])).toEqual([
      ['acme 1', 'n', true],
      ['x_y 1', null, undefined],
    ])
  })
})

describe('what is refused', () => {
  test.each([
    [`insert into projects (title) values ('x')`],
    [`with x as (delete from projects returning *) select * from x`],
    ['select 1; drop table projects'],
    ['select * into copy from projects'],
    ['select * from projects for update'],
    ['(select * into copy from projects) union select * from projects'],
    ['select * from acme.projects'],
    ['select "x_y".projects.title from projects'],
    ['select * from "user-1".projects'],
    ['select "acme"."total"()'],
    ['select * from U&"acme".projects'],
    ['select * from U&"\\0061cme".projects'],
    ['select x_y.t from projects, lateral (select acme.projects.title as t from acme.projects) x_y'],
    ['select 1 operator(acme.+) 1'],
    ['select null::acme.projects'],
    [`select set_config('search_path', 'acme', false)`],
    [`select pg_catalog.set_config('role', 'postgres', false)`],
    [`select nextval('projects_id_seq')`],
    [`select query_to_xml('select * from acme.projects', true, true, '')`],
    [`select pg_advisory_lock(1)`],
    [`select pg_terminate_backend(1)`],
    [`select dblink_exec('x', 'drop table y')`],
    ['table acme.projects'],
    ['explain analyze select 1'],
    ['show search_path'],
    ['commit'],
    [''],
    ['select'.repeat(3)],
    ['select \0 1'],
  ])('%s', async (text) => {
    await expect(rowsOf({ text })).rejects.toMatchObject({ code: 'UNSAFE_STATEMENT' })
    expect(
      (await admin.query(`select to_regclass('acme.copy') as copy, to_regclass('acme.projects')::text as kept`)).rows[0],
    ).toMatchObject({
      copy: null,
    })
  })

  test('a function that writes is refused by the server, in every tenant', async () => {
    await admin.query(
      `create function public.sneak() returns int language plpgsql as $$ begin insert into projects (title) values ('sneaked'); return 1; end $$`,
    )
    await expect(rowsOf(sql`select sneak()`)).rejects.toMatchObject({ code: 'FLEET_FAILED', cause: { code: '25006' } })
    await admin.query(
      `create function public.undo() returns text language sql as $$ select pg_catalog.set_config('transaction_read_only', 'off', true) $$`,
    )
    await expect(rowsOf(sql`select undo(), sneak()`)).rejects.toMatchObject({ code: 'FLEET_FAILED' })
    const rows = await rowsOf(sql`select count(*)::int as n from projects where title = 'sneaked'`)
    expect(rows.map(({ row }) => row['n'])).toEqual(active.map(() => 0))
  })

  test('what a function sets in one tenant does not reach the next one', async () => {
    await admin.query(
      `create function public.lead_away() returns text language sql as $$ select pg_catalog.set_config('search_path', 'acme', true) $$`,
    )
    const rows = await rowsOf(sql`select lead_away() as moved, current_schema() as here`, { batch: 1000 })
    const after = await rowsOf(sql`select current_schema() as here`, { batch: 1000 })
    expect(rows.length).toBe(active.length)
    expect(after.every(({ tenant, row }) => row['here'] === tenant.schema)).toBe(true)
    // In one batch: the tenant behind the function has its own path again.
    const counted = await rowsOf(sql`select count(*)::int as n, min(lead_away()) as moved from projects`, { batch: 1000 })
    for (const { tenant, row } of counted) expect(row['n']).toBe(schemas.indexOf(tenant.schema) + 1)
  })

  test('the scope of a tenant: when it is called, and when it is read', async () => {
    const refused = { code: 'WRONG_TENANT' }
    await expect(tenancy.run('acme', () => tenancy.across(sql`select 1`))).rejects.toMatchObject(refused)
    const kept = tenancy.across(sql`select 1 as one`)
    await expect(tenancy.run('acme', () => kept.all())).rejects.toMatchObject(refused)
    expect(await tenancy.runShared(() => rowsOf(sql`select 1 as one`))).toHaveLength(active.length)
    // A process that was started for one tenant is in its scope from the beginning, also before the tenant was looked up.
    vi.stubEnv('PARTYWALL_TENANT', 'acme')
    const started = createTenancy({ database: url })
    vi.unstubAllEnvs()
    await expect(started.across(sql`select 1 as one`).all()).rejects.toMatchObject(refused)
    await started.close()
  })

  test.each([
    ['select 1', {}],
    [{ text: 5 }, {}],
    [{ text: 'select 1', values: 'x' }, {}],
    [sql`select 1`, { batch: 0 }],
    [sql`select 1`, { concurrency: 17 }],
    [sql`select 1`, { maxRows: -1 }],
    [sql`select 1`, { onFailure: 'continue' }],
    [sql`select 1`, { repair: 'yes' }],
    [sql`select 1`, { limit: 5 }],
    [sql`select 1`, { status: 'off' }],
  ])('%j with %j', async (statement, options) => {
    await expect((async () => tenancy.across(statement as never, options as never).all())()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })

  test('more rows or bytes than are permitted, never a part of them as if it were all', async () => {
    const many = sql`select generate_series(1, 100) as n`
    expect(await rowsOf(many, { maxRows: 500 })).toHaveLength(500)
    await expect(rowsOf(many, { maxRows: 499 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(rowsOf(many, { maxRows: 50, batch: 1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(rowsOf(sql`select repeat('x', 100000) as x`, { maxBytes: 300_000 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })

  test('a statement that takes too long in one tenant, and an abort', async () => {
    await admin.query(
      `create function public.slow() returns int language plpgsql as $$ begin if current_schema() = 'acme' then perform pg_sleep(30); end if; return 1; end $$`,
    )
    const { rows, failed } = await tenancy.across(sql`select slow() as n`, { statementTimeoutMs: 100, onFailure: 'skip' }).all()
    expect(failed).toMatchObject([{ tenant: { schema: 'acme' }, error: { code: '57014' } }])
    expect(rows).toHaveLength(active.length - 1)
    const abort = new AbortController()
    const reading = rowsOf(sql`select slow() as n`, { signal: abort.signal })
    await until(
      async () =>
        (
          await admin.query(
            `select 1 from pg_stat_activity where query like '%slow()%' and state = 'active' and pid <> pg_backend_pid()`,
          )
        ).rows.length > 0,
    )
    abort.abort()
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
  })
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
}
