/** What each tenant is compared with: its own history, by files, by what was kept, or by most other tenants. */
import { createTenancy, type MigrationSource } from 'partywall'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { DriftEntry, DriftReport } from '../../src/lifecycle/drift/drift-report.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url, directUrl } = await testDatabase()
const client = new Client({ connectionString: directUrl })
beforeAll(() => client.connect())
afterAll(() => client.end())

type Migrations = Awaited<ReturnType<MigrationSource['list']>>
const sql = (name: string, text: string) =>
  ({ name, file: `${name}.sql`, checksum: text, up: { kind: 'sql', text, line: 1 } }) as const
const books = sql('0001_books', 'create table books (id serial primary key, title text not null)')
const titles = sql('0002_titles', 'create index books_title on books (title); create index books_both on books (id, title)')

/** A tenancy whose tenants of this kind have these migrations. */
function tenancyWith(kind: string, migrations: Migrations, more: Parameters<typeof createTenancy>[0] = {}) {
  const tenant = { [kind]: { name: 'given', list: async () => migrations }, default: false as const }
  const tenancy = createTenancy({ database: url, ...more, migrations: { shared: false, tenant, ...more.migrations } })
  onTestFinished(() => tenancy.close())
  return tenancy
}

const statesOf = ({ tenants }: DriftReport): unknown[] =>
  tenants.map(({ target, state, comparedWith }) => [target, state, comparedWith])
const namesOf = ({ differences }: DriftEntry): string[] =>
  differences.map(({ name, property, change }) => `${name} ${property ?? change}`)

test('drift compares a tenant with the migrations that it has, so what is pending is none', async () => {
  await tenancyWith('pending', [books]).tenants.create({ schema: 'early', kind: 'pending' })
  const tenancy = tenancyWith('pending', [books, titles])
  await tenancy.tenants.create({ schema: 'late', kind: 'pending' })
  expect(statesOf(await tenancy.drift({ kinds: 'pending' }))).toEqual([
    ['early', 'as expected', 'files'],
    ['late', 'as expected', 'files'],
  ])
  await client.query('drop index late.books_title; drop table early.books')
  const report = await tenancy.drift({ kinds: 'pending' })
  expect(report.ok).toBe(false)
  expect(report.tenants.map(namesOf)).toEqual([['books missing', 'books_id_seq missing'], ['books.books_title missing']])
  expect((await tenancy.drift({ kinds: 'pending', exclude: ['books', 'books_*'] })).ok).toBe(true)
})

test('drift keeps what a history gives: it is made once, and a process with other files still knows it', async () => {
  const tenancy = tenancyWith('kept', [books, titles])
  for (const schema of ['kept_1', 'kept_2']) await tenancy.tenants.create({ schema, kind: 'kept' })
  const kept = async () => (await client.query(`select built_at from partywall.blueprints where kind = 'kept'`)).rows
  const other = tenancyWith('kept', [sql('0001_else', 'create table other (id integer)')])
  expect(await other.drift({ kinds: 'kept' })).toMatchObject({
    ok: false,
    tenants: [{ state: 'unknown', differences: [], reason: expect.stringContaining('other files') }, { state: 'unknown' }],
  })
  expect((await tenancy.drift({ kinds: 'kept' })).ok).toBe(true)
  const first = await kept()
  expect(first).toHaveLength(1)
  await client.query('alter table kept_2.books add column extra text')
  expect(statesOf(await tenancy.drift({ kinds: 'kept' }))).toEqual([
    ['kept_1', 'as expected', 'files'],
    ['kept_2', 'drifted', 'files'],
  ])
  expect(await kept()).toEqual(first)
  expect(statesOf(await other.drift({ kinds: 'kept' }))).toEqual([
    ['kept_1', 'as expected', 'kept'],
    ['kept_2', 'drifted', 'kept'],
  ])
  // A view or a foreign key of a tenant follows the shared schema, so it is made again.
  await client.query('create table public.new_in_shared (id integer)')
  expect((await tenancy.drift({ tenants: 'kept_1' })).ok).toBe(true)
  expect(await kept()).not.toEqual(first)
})

test('drift does not run code: it compares such tenants with most of those that have the same history, and says so', async () => {
  let runs = 0
  const run = async ({ client: own }: { client: { query(text: string): Promise<unknown> } }) => {
    runs += 1
    await own.query('create table coded (id integer primary key)')
  }
  const code = { name: '0001_code', file: '0001_code.ts', checksum: 'code', up: { kind: 'code', run } } as const
  const tenancy = tenancyWith('coded', [code])
  const create = (schema: string) => tenancy.tenants.create({ schema, kind: 'coded' })
  await create('coded_1')
  expect(await tenancy.drift({ kinds: 'coded' })).toMatchObject({ ok: false, tenants: [{ state: 'unknown' }] })
  for (const schema of ['coded_2', 'coded_3']) await create(schema)
  await client.query('alter table coded_3.coded add column extra text')
  const report = await tenancy.drift({ kinds: 'coded' })
  expect(statesOf(report)).toEqual([
    ['coded_1', 'as expected', 'majority'],
    ['coded_2', 'as expected', 'majority'],
    ['coded_3', 'drifted', 'majority'],
  ])
  expect(report.tenants[2]!.reason).toContain('0001_code.ts is code')
  expect(statesOf(await tenancy.drift({ tenants: 'coded_3' }))).toEqual([['coded_3', 'drifted', 'majority']])
  await client.query('alter table coded_3.coded drop column extra, drop constraint coded_pkey')
  const unfixed = await tenancy.drift({ tenants: 'coded_3', fix: true })
  expect(unfixed.tenants[0]!.repairs.some(({ isAdditive }) => isAdditive)).toBe(true)
  expect(unfixed.tenants[0]).not.toHaveProperty('fixed')
  await client.query('alter table coded_1.coded add column other text')
  expect((await tenancy.drift({ kinds: 'coded' })).tenants.map(({ state }) => state)).toEqual(['unknown', 'unknown', 'unknown'])
  expect(runs).toBe(3)
})

test('drift says which tenants it could not compare: schemas and histories that are gone, migrations that stopped', async () => {
  const tenancy = tenancyWith('broken', [books])
  const schemas = ['broken_1', 'broken_2', 'broken_3', 'broken_4']
  for (const schema of schemas) await tenancy.tenants.create({ schema, kind: 'broken' })
  await client.query('drop schema broken_1 cascade; drop table broken_2.partywall_migrations')
  await client.query('comment on table broken_3.partywall_migrations is null')
  const { ok, tenants } = await tenancy.drift({ kinds: 'broken' })
  expect(ok).toBe(false)
  expect(tenants.map(({ state, reason }) => [state, reason])).toEqual([
    ['unknown', expect.stringContaining('not in the database')],
    ['unknown', expect.stringContaining('history')],
    ['unknown', expect.stringContaining('stopped in the middle')],
    ['as expected', undefined],
  ])
})

test('drift leaves nothing in the database but what it keeps, also where the migrations fail in an empty schema', async () => {
  const tenancy = tenancyWith('failing', [books])
  for (const schema of ['failing_1', 'failing_2']) await tenancy.tenants.create({ schema, kind: 'failing' })
  const needsRows = sql(
    '0001_books',
    `${books.up.text}; do $$ begin if to_regclass('public.gone') is null then raise 'secret row 4711'; end if; end $$`,
  )
  await client.query('create table public.gone ()')
  const failing = tenancyWith('failing2', [needsRows])
  for (const schema of ['failing_3', 'failing_4']) await failing.tenants.create({ schema, kind: 'failing2' })
  await client.query('drop table public.gone')
  const { rows: before } = await client.query('select nspname from pg_namespace order by 1')
  const report = await failing.drift({ kinds: 'failing2' })
  expect(statesOf(report)).toEqual([
    ['failing_3', 'as expected', 'majority'],
    ['failing_4', 'as expected', 'majority'],
  ])
  expect(report.tenants[0]!.reason).toContain('could not be applied')
  expect(JSON.stringify(report)).not.toContain('4711')
  expect((await client.query('select nspname from pg_namespace order by 1')).rows).toEqual(before)
})

test('a body with the name of its schema, rights of the owner and rows of a materialized view are no drift', async () => {
  const named = sql(
    '0001_named',
    `create table t (id integer);
    create materialized view sums as select count(*) from t with no data;
    do $$ begin
      execute format('create function own() returns integer language sql as %L', 'select 1 -- ' || current_schema());
    end $$`,
  )
  const tenancy = tenancyWith('named', [named])
  for (const schema of ['named-1', 'named_2']) await tenancy.tenants.create({ schema, kind: 'named' })
  await client.query('refresh materialized view named_2.sums; revoke delete on named_2.t from current_user')
  expect((await tenancy.drift({ kinds: 'named' })).tenants.map(namesOf)).toEqual([[], []])
  // Both are alike now: what is right in one is the name of another tenant in the other.
  await client.query('refresh materialized view "named-1".sums; revoke delete on "named-1".t from current_user')
  await client.query(`create or replace function named_2.own() returns integer language sql as 'select 1 -- named-1'`)
  expect((await tenancy.drift({ kinds: 'named' })).tenants.map(namesOf)).toEqual([[], ['own() source']])
})

test('drift refuses options that it does not know', async () => {
  const tenancy = tenancyWith('options', [])
  await expect(tenancy.drift({ exlude: 'x' } as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(tenancy.drift({ fix: 'yes' } as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(tenancy.drift({ exclude: [1] } as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(tenancy.drift({ lockTimeoutMs: -1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(tenancy.drift({ tenants: 'nowhere' })).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
  await expect(tenancy.drift({ kinds: 'nokind' })).rejects.toMatchObject({ code: 'UNKNOWN_KIND' })
})
