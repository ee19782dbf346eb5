/** Tenants that a plain copy would get wrong: a value that leads to the source, a mask that does not reach every copy of a value, rows that are elsewhere. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type CloneInput } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { writeFiles } from '../support/tenants/registry.ts'

const { url, directUrl, name: database } = await testDatabase()
const own = await leastPrivilege(directUrl, url)
const admin = new Client(directUrl)
const owner = new Client(own.deploy)
const root = await mkdtemp(join(tmpdir(), 'partywall-hostile-'))
await writeFiles(root, { 'migrations/tenant/0001_notes.sql': 'create table notes (id int primary key, text text)' })
const tenancy = createTenancy({ root, database: { connectionString: own.app, deploy: own.deploy }, tenantCacheMs: 0 })
const { tenants } = tenancy

beforeAll(async () => {
  await Promise.all([admin.connect(), owner.connect()])
  await tenancy.ready()
})
afterAll(async () => {
  await tenancy.close()
  await Promise.all([admin.end(), owner.end()])
  await rm(root, { recursive: true })
})

/** A tenant with these tables besides its own. */
async function make(schema: string, text: string): Promise<void> {
  await tenants.create({ schema })
  // One text is one transaction.
  await owner.query(`set local search_path to ${schema}, public; ${text}`)
}

async function rows(text: string): Promise<unknown[]> {
  return (await admin.query(text)).rows
}

test('numbers of objects refuse the clone in whatever type they hide, unless they are masked', async () => {
  await make(
    'numbers',
    `
    create domain handle as oid; create domain picture as handle; create type place as (row int, tab regclass);
    create table a (id int, "numbers.of" int, file oid); create table b (tab regclass[]); create table c (file picture); create table d (at place); create table e (owner regrole);
    create table harmless (a int[], b oidvector[], n name, box box); alter table harmless drop column b;
    insert into b values (array['numbers.a'::regclass])`,
  )
  const found = await tenants.clone('numbers', { schema: 'numbers_2', plan: true })
  expect(found.refused.map((problem) => problem.split(' ')[0])).toEqual(['a.file', 'b.tab', 'c.file', 'd.at', 'e.owner'])
  await expect(tenants.clone('numbers', { schema: 'numbers_2' })).rejects.toMatchObject({ code: 'CLONE_REFUSED' })
  const mask = { 'a.file': { sql: 'source.file' }, 'b.tab': 'null', 'c.file': 'null', 'd.at': 'null', e: 'empty' } as const
  expect(await tenants.clone('numbers', { schema: 'numbers_2', mask })).toMatchObject({ schema: 'numbers_2' })
  expect(await rows('select tab from numbers_2.b')).toEqual([{ tab: null }])
})

test('a mask that could name two columns, or a column and a table, is refused', async () => {
  await make('dotted', 'create table a ("b.c" text, d text); create table "a.b" (c text); create table "a.d" (d int)')
  for (const mask of [{ 'a.b.c': 'hash' }, { 'a.d': 'empty' }] as const)
    await expect(tenants.clone('dotted', { schema: 'dotted_2', mask })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('two ways'),
    })
})

test('rows in a partition or a child outside of the schema are named instead of left out', async () => {
  await owner.query('create schema attic')
  await make(
    'spread',
    `create table parts (id int) partition by range (id); create table parts_1 partition of parts for values from (0) to (10);
     create table attic.parts_2 partition of parts for values from (10) to (20); insert into parts values (1), (11);
     create table base (id int); create table attic.child () inherits (base)`,
  )
  for (const plan of [true, false])
    await expect(tenants.clone('spread', { schema: 'spread_2', ...(plan && { plan }) } as CloneInput)).rejects.toMatchObject({
      code: 'UNSUPPORTED_OBJECT',
      message: expect.stringMatching(/table base.*table parts/),
    })
})

test('a masked value is in no copy of it that the clone makes: generated columns, materialized views, indexes, triggers, children', async () => {
  await make(
    'private',
    `
    create domain label as varchar(80); create domain full_name as label;
    create table people (id int primary key, name full_name, upper_name text generated always as (upper(name::text)) stored);
    create table staff (desk int) inherits (people);
    create table visits (at date, who text) partition by range (at);
    create table visits_old partition of visits for values from (minvalue) to ('2020-01-01'); create table visits_new partition of visits default;
    create table trail (line text);
    create function keep() returns trigger language plpgsql as 'begin insert into trail values (new.name); return new; end';
    create materialized view names as select name from people; create materialized view inner_names as select upper(name::text) as name from names with no data;
    create table sessions (id int, token text); create materialized view tokens_now as select token from sessions;
    insert into people values (1, 'Ada'); insert into staff (id, name, desk) values (2, 'Bob', 7); insert into visits values ('2019-01-01', 'Ada'), ('2021-01-01', 'Bob'); insert into sessions values (1, 'Ada');
    refresh materialized view names; refresh materialized view inner_names; refresh materialized view tokens_now;
    create trigger keep before insert or update on people for each row execute function keep(); create trigger keep before insert on staff for each row execute function keep();
    alter table people enable always trigger keep`,
  )
  await tenants.clone('private', { schema: 'masked', mask: { 'people.name': 'hash', 'visits.who': 'hash' } })
  const { rows: tables } = await admin.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'masked'::regnamespace and relkind in ('r', 'm') and relname <> 'partywall_migrations'`,
  )
  expect(tables.length).toBeGreaterThan(8)
  for (const { name } of tables) {
    const found = await admin.query<{ text: string }>(`select t::text as text from masked."${name}" as t`)
    expect([name, found.rows.filter(({ text }) => /ada|bob/i.test(text))]).toEqual([name, []])
  }
  expect(await rows('select count(*)::int from masked.names')).toEqual([{ count: 2 }])
  expect(await rows('select count(*)::int from masked.inner_names')).toEqual([{ count: 2 }])
  expect(await rows('select count(*)::int from masked.trail')).toEqual([{ count: 0 }])
  expect(await rows('select count(*)::int from masked.visits')).toEqual([{ count: 2 }])
})

test('a mask of a column that foreign keys lead to fails by name, and with both sides masked the rows still fit', async () => {
  await make(
    'keyed',
    `create table users (email text primary key); create table orders (email text references users, note text);
     insert into users values ('ada@example.com'), ('bob@example.com'); insert into orders values ('ada@example.com', 'x')`,
  )
  await expect(tenants.clone('keyed', { schema: 'keyed_2', mask: { 'users.email': 'email' } })).rejects.toMatchObject({
    code: 'CLONE_FAILED',
    details: { sqlState: '23503' },
  })
  await tenants.clone('keyed', { schema: 'keyed_2', mask: { 'users.email': 'email', 'orders.email': 'email' } })
  expect(await rows('select count(*)::int from keyed_2.orders join keyed_2.users using (email)')).toEqual([{ count: 1 }])
})

test('values keep every digit and every instant, whatever the settings of the database', async () => {
  await make(
    'exact',
    `create domain ratio as float8; create domain moment as timestamptz; create domain span as interval;
     create table facts (ratio ratio, plain float8, moment moment, span span, wait interval default '-1 day +02:03:04', day date default '2024-02-01');
     create index on facts (plain) where wait > '-2 days +02:03:04'::interval and day > '2024-02-03'::date;
     insert into facts values (0.1::float8 + 0.2::float8, 0.1::float8 + 0.2::float8, '2024-03-04 05:06:07.123456+05:30', '-1 day +02:03:04.5')`,
  )
  await admin.query(
    `alter database "${database}" set extra_float_digits = 0; alter database "${database}" set datestyle = 'SQL, DMY';
     alter database "${database}" set timezone = 'Asia/Kolkata'; alter database "${database}" set intervalstyle = 'sql_standard'`,
  )
  const other = createTenancy({ root, database: { connectionString: own.app, deploy: own.deploy } })
  try {
    await other.tenants.clone('exact', { schema: 'exact_2' })
    await other.templates.save('exact', { from: 'exact', rows: ['facts'] })
    await other.tenants.create({ schema: 'exact_3', template: 'exact' })
  } finally {
    await other.close()
    await admin.query(`alter database "${database}" reset all`)
  }
  for (const copy of ['exact_2', 'exact_3'])
    expect(
      await rows(
        `select one.ratio = other.ratio and one.plain = other.plain and one.moment = other.moment and one.span = other.span as same
         from exact.facts as one, ${copy}.facts as other`,
      ),
    ).toEqual([{ same: true }])
})

test('rows that a check or a key forgives, because they are older than it, are copied', async () => {
  await make(
    'lenient',
    `create table prices (id int primary key, price int); insert into prices values (1, -1);
     create table lines (price int); insert into lines values (7);
     alter table prices add constraint positive check (price > 0) not valid; alter table lines add foreign key (price) references prices not valid`,
  )
  await tenants.clone('lenient', { schema: 'lenient_2' })
  expect(await rows('select price from lenient_2.prices union all select price from lenient_2.lines')).toEqual([
    { price: -1 },
    { price: 7 },
  ])
})

test('row security that hides rows from the application hides none from the clone', async () => {
  await make(
    'hiding',
    `insert into notes values (1, 'a'), (2, 'b'); alter table notes enable row level security; create policy none on notes using (false)`,
  )
  await tenants.clone('hiding', { schema: 'hiding_2' })
  await admin.query('alter table hiding_2.notes disable row level security')
  expect(await rows('select count(*)::int from hiding_2.notes')).toEqual([{ count: 2 }])
})

test('a signal ends a statement that runs, within a second, and nothing is left', async () => {
  await make('slow', `insert into notes values (1, 'a')`)
  const stop = new AbortController()
  const cloning = tenants.clone('slow', {
    schema: 'slow_2',
    signal: stop.signal,
    mask: { 'notes.text': { sql: '(select source.text from pg_sleep(5))' } },
  })
  cloning.catch(() => {})
  const asleep = `select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
  await expect.poll(async () => (await rows(asleep)).length, { interval: 10, timeout: 20_000 }).toBe(1)
  const from = performance.now()
  stop.abort(new Error('enough'))
  await expect(cloning).rejects.toThrow('enough')
  expect(performance.now() - from).toBeLessThan(1000)
  expect(await rows(asleep)).toEqual([])
  expect(await rows(`select to_regnamespace('slow_2') as schema`)).toEqual([{ schema: null }])
  expect(await tenants.find('slow_2')).toBeUndefined()
  expect(await tenants.clone('slow', { schema: 'slow_2' })).toMatchObject({ schema: 'slow_2' })
})

test('a signal ends a clone that waits for a lock, or between two attempts', async () => {
  await make('held', 'select')
  onTestFinished(async () => void (await admin.query('rollback')))
  await admin.query('begin; lock table held.notes in access exclusive mode')
  const stop = new AbortController()
  const cloning = tenants.clone('held', { schema: 'held_2', signal: stop.signal })
  cloning.catch(() => {})
  const waits = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
  await expect.poll(async () => (await rows(waits)).length, { interval: 10, timeout: 20_000 }).toBe(1)
  const from = performance.now()
  stop.abort(new Error('enough'))
  await expect(cloning).rejects.toThrow('enough')
  expect(performance.now() - from).toBeLessThan(1000)
})
