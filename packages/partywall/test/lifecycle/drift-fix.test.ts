/** What `fix` adds, what it leaves to a person, and that it reaches no other schema. */
import { createTenancy, type MigrationSource } from 'partywall'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { lockKey } from '../../src/migrations/apply/guards.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url, directUrl } = await testDatabase()
const client = new Client({ connectionString: directUrl })
const text = `
  create table books (id serial primary key, title text not null, price numeric default 0 check (price >= 0));
  create index books_title on books (title);
  create table loans (id serial primary key, book_id integer references books, due date);
  alter table books add constraint books_unique unique (title)`
const source: MigrationSource = {
  name: 'given',
  list: async () => [{ name: '0001', file: '0001.sql', checksum: '1', up: { kind: 'sql', text, line: 1 } }],
}
const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: source } })
beforeAll(() => client.connect())
afterAll(async () => {
  await client.end()
  await tenancy.close()
})

async function tenantAfter(schema: string, edit: string): Promise<string> {
  await tenancy.tenants.create({ schema })
  await client.query(`begin; set local search_path = ${schema}; ${edit}; commit`)
  return schema
}
const fixOf = async (schema: string) => (await tenancy.drift({ tenants: schema, fix: true })).tenants[0]!

test('fix does not add a column where another one is too much: its rows may be there, under another name', async () => {
  const schema = await tenantAfter('renamed', 'alter table books rename price to cost')
  const entry = await fixOf(schema)
  expect(entry.fixed?.done ?? []).toEqual([])
  expect(entry.state).toBe('drifted')
  expect(entry.repairs.find(({ object }) => object === 'column books.price')).toMatchObject({ isAdditive: false })
})

test('fix does not create a table where another one is too much', async () => {
  const schema = await tenantAfter('moved', 'alter table loans rename to lendings')
  const entry = await fixOf(schema)
  expect(entry.fixed?.done ?? []).toEqual([])
  expect(entry.repairs.find(({ object }) => object === 'table loans')).toMatchObject({
    isAdditive: false,
    statement: expect.stringContaining('create table "loans" (\n  "id" integer default (nextval('),
  })
})

test('fix creates relations and types that are missing as a whole, with what belongs to them', async () => {
  const whole = `
    create type mood as enum ('sad', 'it''s ok');
    create sequence numbers increment 5 cycle;
    create table parts (
      id integer generated always as identity primary key, "Key" text not null unique, mood mood default 'sad', n integer default nextval('numbers'),
      doubled integer generated always as (n * 2) stored, check (n > 0) not valid
    ) with (fillfactor = 70);
    create index parts_n on parts (n) where n > 5;
    alter table parts enable row level security, alter column "Key" set statistics 50;
    create policy own on parts using (n > 1);
    create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
    create trigger touch before update on parts for each row execute function touch();
    alter table parts disable trigger touch;
    comment on column parts.n is 'it''s a number';
    create view big with (security_barrier) as select id, n from parts where n > 10;
    create materialized view sums as select sum(n) as n from parts;
    create unique index sums_n on sums (n)`
  const tenant: MigrationSource = {
    name: 'whole',
    list: async () => [{ name: '0001', file: '0001.sql', checksum: '1', up: { kind: 'sql', text: whole, line: 1 } }],
  }
  const other = createTenancy({ database: url, migrations: { shared: false, tenant: { whole: tenant } } })
  onTestFinished(() => other.close())
  await other.tenants.create({ schema: 'whole', kind: 'whole' })
  await client.query('drop table whole.parts cascade; drop type whole.mood; drop sequence whole.numbers')
  const { tenants } = await other.drift({ tenants: 'whole', fix: true })
  expect(tenants[0]).toMatchObject({ state: 'as expected', fixed: { failed: [] } })
})

test('fix of a tenant that lacks a table does not reach the table of this name in the shared schema', async () => {
  const schema = await tenantAfter('lacking', 'drop table books cascade; alter table loans drop column due')
  await client.query('create table public.books (id integer, title text, price numeric); create table public.loans (id integer)')
  onTestFinished(async () => void (await client.query('drop table public.books, public.loans')))
  const shared = `select count(*)::int as n from pg_depend where refobjid in ('public.books'::regclass, 'public.loans'::regclass)`
  const { rows: before } = await client.query(shared)
  const { repairs } = (await tenancy.drift({ tenants: schema })).tenants[0]!
  expect(await fixOf(schema)).toMatchObject({ state: 'as expected', fixed: { failed: [] } })
  expect((await client.query(shared)).rows).toEqual(before)
  expect(repairs.map(({ object }) => object)).toContain('column loans.due')
  const { rows } = await client.query(
    `select count(*)::int as n from pg_attribute where attrelid = 'lacking.loans'::regclass and attname = 'due'`,
  )
  expect(rows).toEqual([{ n: 1 }])
})

test('fix says which statement failed, without values of rows, does the others, and leaves no invalid index', async () => {
  const schema = await tenantAfter(
    'duplicates',
    `alter table books drop constraint books_unique; drop index books_title; insert into books (title) values ('secret'), ('secret')`,
  )
  const { fixed, differences } = await fixOf(schema)
  expect(fixed!.done).toEqual([expect.stringContaining('books_title')])
  expect(fixed!.failed.map(({ reason }) => reason)).toEqual([expect.stringContaining('23505'), expect.any(String)])
  expect(JSON.stringify(fixed)).not.toContain('secret')
  expect(differences.map(({ kind, name, change }) => [kind, name, change])).toEqual([
    ['constraint', 'books.books_unique', 'missing'],
    ['index', 'books.books_unique', 'missing'],
  ])
})

test('fix waits neither for a migration of the tenant nor longer than lockTimeoutMs for a table', async () => {
  const schema = await tenantAfter(
    'locked',
    `comment on table books is 'x'; alter table books alter column title set statistics 7`,
  )
  const other = new Client({ connectionString: directUrl })
  await other.connect()
  onTestFinished(() => other.end())
  await other.query(`begin; select pg_advisory_xact_lock(${lockKey(schema)})`)
  expect((await fixOf(schema)).fixed).toMatchObject({
    done: [],
    failed: [{ reason: expect.stringContaining('being migrated') }, { reason: expect.stringContaining('being migrated') }],
  })
  await other.query(`rollback; begin; lock table ${schema}.books in share update exclusive mode`)
  const { tenants } = await tenancy.drift({ tenants: schema, fix: true, lockTimeoutMs: 20 })
  expect(tenants[0]!.fixed!.failed.map(({ reason }) => reason)).toEqual(
    ['statistics', 'comment'].map(() => expect.stringContaining('55P03')),
  )
  await other.query(`lock table ${schema}.books in access exclusive mode`)
  const { tenants: both } = await tenancy.drift({ tenants: [schema, 'renamed'] })
  expect(both.map(({ state, reason }) => [state, reason])).toEqual([
    ['unknown', expect.stringContaining('holds a lock')],
    ['drifted', undefined],
  ])
  await other.query('rollback')
  expect((await fixOf(schema)).state).toBe('as expected')
})

test('what fix adds belongs to the owner of the schema, and new rows must fit at once', async () => {
  const schema = await tenantAfter(
    'checked',
    'alter table books drop constraint books_price_check; alter table loans drop constraint loans_book_id_fkey',
  )
  expect(await fixOf(schema)).toMatchObject({ state: 'as expected', fixed: { failed: [] } })
  const { rows } = await client.query(`select action from partywall.audit where object = 'checked' and action like 'drift%'`)
  expect(rows).toEqual([{ action: 'drift.fixed' }])
  await expect(client.query(`insert into ${schema}.books (title, price) values ('a', -1)`)).rejects.toThrow('books_price_check')
  await expect(client.query(`insert into ${schema}.loans (book_id) values (99)`)).rejects.toThrow('loans_book_id_fkey')
})
