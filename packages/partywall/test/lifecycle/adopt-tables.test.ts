/** An application for one customer becomes the first tenant: its tables move, and nothing about them changes but their schema. */
import { Client } from 'pg'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { createTenancy, type Config, type Tenancy } from 'partywall'
import { readBlueprint } from '../../src/blueprint/read-blueprint.ts'
import { tenantRole } from '../../src/names/role-name.ts'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'

const { url, directUrl } = await testDatabase()
const admin = new Client({ connectionString: directUrl })
await admin.connect()
const opened: Tenancy<any, any>[] = []
afterAll(async () => {
  for (const tenancy of opened) await tenancy.close()
  await admin.end()
})

/** What each kind of object can be; `plans` and what it uses is shared. */
const application = `
  create type mood as enum ('sad', 'happy');
  create type level as enum ('low', 'high');
  create domain title as text check (length(value) < 100);
  create table plans (name text primary key, level level default 'low');
  insert into plans values ('free'), ('pro');
  create sequence polls_numbers start 7;
  create function polls_touch() returns trigger language plpgsql as $$ begin new.changed := now(); return new; end $$;
  create function logged() returns trigger language plpgsql as $$ begin return new; end $$;
  create table polls (
    id serial primary key, number int default nextval('polls_numbers'), "Titel äö" title, mood mood, level level,
    plan text references plans, changed timestamptz, double int generated always as (id * 2) stored
  );
  create table polls_choices (id int generated always as identity (start 100 increment 5), poll int not null references polls on delete cascade, unique (poll, id));
  create table "polls_We""ird" (at date not null, n int) partition by range (at);
  create table "polls_2026" partition of "polls_We""ird" for values from ('2026-01-01') to ('2027-01-01');
  create table part_default partition of "polls_We""ird" default;
  create index on "polls_We""ird" (n);
  create type span as range (subtype = float8);
  create collation plain (locale = 'C');
  create type "Po int" as (x int, y int);
  create function mood_add(int, mood) returns int language sql as 'select $1 + 1';
  create aggregate mood_count(mood) (sfunc = mood_add, stype = int, initcond = '0');
  create function "Is same"(mood, mood) returns boolean language sql immutable as 'select $1 = $2';
  create operator === (leftarg = mood, rightarg = mood, function = "Is same");
  create function polls_move(variadic "Po int"[]) returns void language plpgsql as $$ begin delete from polls where false; end $$;
  create procedure polls_clean(inout n int) language plpgsql as $$ declare one polls%rowtype; begin n := 1; end $$;
  create table polls_base (a int, taken span, name text collate plain, at "Po int");
  create table polls_child (b int) inherits (polls_base);
  create statistics polls_stat (dependencies) on id, number from polls;
  create view polls_moods as select mood_count(mood) from polls where mood === 'happy';
  create view open_polls as select id, "Titel äö" from polls where mood = 'happy';
  create materialized view polls_counts as select poll, count(*) as n from polls_choices group by poll;
  create unique index on polls_counts (poll);
  create function polls_of(wanted mood) returns setof polls language sql as $$ select * from polls where mood = wanted $$;
  create trigger touch before update on polls for each row execute function polls_touch();
  create trigger log before update on polls for each row execute function logged();
  create trigger log before update on plans for each row execute function logged();
  alter table polls enable row level security;
  create policy own on polls using (id > 0);
  alter table polls replica identity full;
  grant select (id), update (mood) on polls to pg_monitor;
  grant usage on sequence polls_numbers to pg_monitor;
  comment on column polls.mood is 'how it is';
  insert into polls ("Titel äö", mood, level, plan) values ('a', 'happy', 'low', 'pro'), ('b', 'sad', 'high', 'free');
  insert into polls_choices (poll) values (1), (1), (2);
  insert into "polls_We""ird" values ('2026-02-01', 1), ('2030-01-01', 2);
  insert into polls_child (a, b, taken) values (1, 2, span(1, 2));
  refresh materialized view polls_counts;`

const tables = ['polls*', 'open_polls']

beforeEach(async () => {
  await admin.query(`
    do $$ declare one record; begin
      for one in select pubname from pg_publication loop execute format('drop publication %I', one.pubname); end loop;
      for one in select nspname from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'partywall') loop execute format('drop schema %I cascade', one.nspname); end loop;
      if to_regclass('partywall.tenants') is not null then delete from partywall.tenants; delete from partywall.relations; end if;
    end $$;
    create schema public; grant usage on schema public to public;
    ${application}`)
})

async function open(files: Record<string, string> = {}, config: Config<any> = {}): Promise<Tenancy<any, any>> {
  const tenancy = createTenancy({
    database: url,
    root: await folderForTest({ 'migrations/tenant/.keep': '', ...files }),
    tenantCacheMs: 0,
    ...config,
  })
  opened.push(tenancy)
  return tenancy
}

const refused = async (work: Promise<unknown>): Promise<readonly { kind: string; object: string; sentence: string }[]> => {
  const error: any = await work.then(
    () => expect.fail('nothing was refused'),
    (thrown: unknown) => thrown,
  )
  expect(error.code).toBe('ADOPTION_REFUSED')
  return error.details.findings
}

const namesIn = async (schema: string): Promise<string[]> =>
  (
    await admin.query(
      `select relname from pg_class where relnamespace = $1::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S') order by 1`,
      [`"${schema}"`],
    )
  ).rows.map((row) => row.relname)

/** Without what is shared, and without the name of its schema. */
function shapes(list: readonly { name: string }[]): string[] {
  return list
    .filter(({ name }) => !['plans', 'level', 'logged()'].includes(name))
    .map((one) => JSON.stringify(one).replaceAll('public.', ''))
}

test('chosen tables become a tenant with all that only they use: structure, rows, sequences, grants and comments are as before', async () => {
  const tenancy = await open({
    'migrations/tenant/0001_base.sql': 'create table polls (id int)',
    'migrations/tenant/0002_more.sql': 'select 1',
  })
  const before = await readBlueprint(admin, 'public')
  const oids = async () =>
    (
      await admin.query(
        `select oid, relname, relacl::text, relowner, relfilenode from pg_class where relname ~ '^(polls|part_|open_)' order by oid`,
      )
    ).rows
  const oldOids = await oids()
  const plan = await tenancy.tenants.adopt({ schema: 'ferrari', tables, at: '1', plan: true })
  expect(plan).toMatchObject({ from: 'public', refused: [], warnings: [], recorded: ['0001_base'], pending: ['0002_more'] })
  expect(plan.moves.find(({ name }) => name === 'polls')).toEqual({
    kind: 'table',
    name: 'polls',
    rows: 2,
    bytes: expect.any(Number),
  })
  expect(plan.kept).toEqual([expect.stringMatching(/polls_plan_fkey.* to table public\.plans$/)])
  expect(plan.staying.toSorted()).toEqual(['function public.logged()', 'type public.level'])
  expect(await namesIn('public')).toContain('polls')

  const heard: unknown[] = []
  tenancy.on('tenant.adopted', ({ tenant }) => heard.push(tenant.schema))
  const tenant = await tenancy.tenants.adopt({
    schema: 'ferrari',
    tables,
    at: '1',
    name: 'Ferrari',
    domains: ['ferrari.example.com'],
  })
  expect(tenant).toMatchObject({ schema: 'ferrari', name: 'Ferrari', status: 'active' })
  expect(heard).toEqual(['ferrari'])
  expect((await namesIn('public')).filter((name) => !name.startsWith('partywall'))).toEqual(['plans'])
  const left = await admin.query(`
    select proname as name from pg_proc where pronamespace = 'public'::regnamespace
    union all select oprname from pg_operator where oprnamespace = 'public'::regnamespace
    union all select typname from pg_type where typnamespace = 'public'::regnamespace and typelem = 0 and typname !~ '^(partywall|plans)'`)
  expect(left.rows.map(({ name }) => name).toSorted()).toEqual(['level', 'logged'])
  expect(await oids()).toEqual(oldOids)
  // Objects that stayed are named with their schema now, so the definitions are compared without it.
  const after = await readBlueprint(admin, 'ferrari')
  for (const key of ['relations', 'sequences', 'types', 'routines', 'statistics'] as const)
    expect(shapes(after[key])).toEqual(shapes(before[key]))

  const rows = await tenancy.run('ferrari', async () => {
    await tenancy.pool.query(`insert into polls (mood) values ('happy')`)
    await tenancy.pool.query('insert into polls_choices (poll) values (3)')
    return [
      (await tenancy.pool.query('select id, number, double from polls order by id')).rows,
      (await tenancy.pool.query('select max(id) from polls_choices')).rows,
      (await tenancy.pool.query(`select count(*)::int from polls_of('happy')`)).rows,
      (await tenancy.pool.query('select name from plans order by 1')).rows,
    ]
  })
  expect(rows).toEqual([
    [
      { id: 1, number: 7, double: 2 },
      { id: 2, number: 8, double: 4 },
      { id: 3, number: 9, double: 6 },
    ],
    [{ max: 115 }],
    [{ count: 2 }],
    [{ name: 'free' }, { name: 'pro' }],
  ])
  const { rows: audit } = await admin.query(
    `select action, object from partywall.audit where action = 'tenant.adopted' order by id desc limit 1`,
  )
  expect(audit).toEqual([{ action: 'tenant.adopted', object: 'ferrari' }])
  const { entries } = await tenancy.migrations.run()
  expect(entries.map(({ target, state }) => [target, state])).toContainEqual(['ferrari', 'done'])
})

/** Each: what is done to the application, and what the plan then finds. */
const ties: Record<string, [sql: string, kind: string, object: RegExp, isMovedOnRequest: boolean]> = {
  'a foreign key of a table that stays': [
    'create table invoices (poll int references polls)',
    'tied',
    /constraint invoices_poll_fkey/,
    true,
  ],
  'a view that also reads a table that stays': [
    'create view both_sides as select 1 from polls, plans',
    'tied',
    /both_sides/,
    true,
  ],
  'a materialized view over a view that moves': [
    'create materialized view deep as select * from open_polls, plans',
    'tied',
    /deep/,
    true,
  ],
  'a function whose text names tables of both sides': [
    `create function fx() returns bigint language sql as 'select count(*) from polls, plans'`,
    'tied',
    /fx\(\)/,
    true,
  ],
  'a function that names a table in text that it runs': [
    `create function g() returns void language plpgsql as $$ declare p plans%rowtype; begin execute 'delete from polls'; end $$`,
    'tied',
    /g\(\)/,
    true,
  ],
  'a function with a body of the standard': [
    'create function h() returns bigint begin atomic select count(*) from polls, plans; end',
    'tied',
    /h\(\)/,
    true,
  ],
  'a trigger function of a table that stays': [
    `create function tr() returns trigger language plpgsql as $$ begin insert into polls_base values (1); return new; end $$;
     create trigger t after insert on plans for each row execute function tr()`,
    'tied',
    /tr\(\)/,
    true,
  ],
  'a column of its row type': ['create table archive (old polls)', 'tied', /archive/, true],
  'a policy of a table that stays': [
    'alter table plans enable row level security; create policy p on plans using (exists (select from polls where plan = name))',
    'tied',
    /policy p on table (?:public\.)?plans/,
    true,
  ],
  'a rule of a table that stays': ['create rule r as on delete to plans do also delete from polls', 'tied', /rule r/, true],
  'a child that stays': ['create table other_child () inherits (polls_base)', 'tree', /polls_base/, true],
  'a parent that stays': ['create table kin (a int); alter table polls_base inherit kin', 'tree', /polls_base/, false],
  'a default that counts its sequence': [`create table counted (n int default nextval('polls_id_seq'))`, 'tied', /counted/, true],
  'a view of another schema': [
    'create schema reports; create view reports.v as select * from polls',
    'tied',
    /reports\.v/,
    false,
  ],
  'a function of another schema': [
    `create function reports.f() returns bigint language sql as 'select count(*) from public.polls'`,
    'tied',
    /reports\.f\(\)/,
    false,
  ],
  'a publication of the table': ['create publication pub for table polls', 'published', /publication pub/, true],
  'a publication of all tables': ['create publication everything for all tables', 'published', /publication everything/, true],
}

test('tenants.adopt refuses by name all that stays and uses what moves, changes nothing, and moves it along on request', async () => {
  for (const [sql] of Object.values(ties)) await admin.query(sql)
  const tenancy = await open()
  const before = await namesIn('public')
  const findings = await refused(tenancy.tenants.adopt({ schema: 'ferrari', tables }))
  for (const [what, [, kind, object]] of Object.entries(ties)) {
    const found = findings.filter((finding) => finding.kind === kind && object.test(finding.object))
    expect([what, found.length > 0]).toEqual([what, true])
  }
  expect((await namesIn('public')).filter((name) => name !== 'partywall_migrations')).toEqual(before)
  expect(await tenancy.tenants.find('ferrari')).toBeUndefined()
  const moved = await tenancy.tenants.adopt({ schema: 'ferrari', tables, dependents: 'move', plan: true })
  const fixed = Object.values(ties).filter(([, , , isMovedOnRequest]) => !isMovedOnRequest)
  expect(moved.refused.length).toBeGreaterThanOrEqual(fixed.length)
  expect(moved.refused.filter(({ object }) => !fixed.some(([, , pattern]) => pattern.test(object)))).toEqual([])
  await admin.query('drop schema reports cascade; alter table polls_base no inherit kin')
  expect(await tenancy.tenants.adopt({ schema: 'ferrari', tables, dependents: 'move' })).toMatchObject({ schema: 'ferrari' })
  expect(await namesIn('ferrari')).toEqual(expect.arrayContaining(['both_sides', 'invoices', 'other_child', 'deep']))
})

test('a text that names the old schema, and a search path that leads there, are adopted with accept only', async () => {
  await admin.query(`
    create function polls_count() returns bigint language sql as 'select count(*) from public.polls';
    create function polls_path() returns bigint language plpgsql set search_path = public as $$ begin return (select count(*) from polls); end $$;
    create trigger t1 before insert on polls for each statement execute function polls_touch()`)
  const tenancy = await open()
  const findings = await refused(tenancy.tenants.adopt({ schema: 'ferrari', tables }))
  expect(findings.map(({ kind, object }) => [kind, object])).toEqual([
    ['path', 'function public.polls_count()'],
    ['path', 'function public.polls_path()'],
  ])
  expect(findings[0]!.sentence).toContain('public.polls')
  await tenancy.tenants.adopt({ schema: 'ferrari', tables, accept: true })
})

test('tenants.adopt refuses to record migrations whose tables were not chosen', async () => {
  const tenancy = await open({ 'migrations/tenant/0001_base.sql': 'create table votes (id int)' })
  const findings = await refused(tenancy.tenants.adopt({ schema: 'ferrari', tables }))
  expect(findings).toEqual([{ kind: 'missing', object: 'table votes', sentence: 'The table votes is missing.' }])
  expect(await namesIn('public')).toContain('polls')
})

test('allBut chooses the rest, from another schema, too; and what fits nothing is refused', async () => {
  const tenancy = await open()
  await expect(tenancy.tenants.adopt({ schema: 'ferrari', tables: 'pols_*' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { option: 'tables' },
  })
  await expect(tenancy.tenants.adopt({ schema: 'ferrari' } as any)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(tenancy.tenants.adopt({ schema: 'ferrari', tables: '*', from: 'partywall' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
  await admin.query(
    'create schema "Old App"; create table "Old App"."Order" (id serial primary key); create table "Old App".kept (id int)',
  )
  await tenancy.tenants.adopt({ schema: 'old', from: 'Old App', allBut: 'kept' })
  expect(await namesIn('old')).toEqual(['Order', 'Order_id_seq', 'partywall_migrations'])
  await tenancy.tenants.adopt({ schema: 'ferrari', allBut: ['plans'] })
  expect((await namesIn('public')).filter((name) => !name.startsWith('partywall_'))).toEqual(['plans'])
  await expect(tenancy.tenants.adopt({ schema: 'other', tables: '*', from: 'ferrari' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { option: 'from' },
  })
})

test('a table in use is waited for, and of two adoptions of the same tables one succeeds', async () => {
  const tenancy = await open()
  // A transaction that has locked a table against readers delays the look at it, too.
  await admin.query('begin; lock table polls in access exclusive mode')
  for (const plan of [true, false])
    await expect(
      tenancy.tenants.adopt({ schema: 'ferrari', tables, lockTimeoutMs: 20, retries: 1, ...(plan && { plan }) } as never),
    ).rejects.toMatchObject({ code: 'ADOPTION_REFUSED', message: expect.stringContaining('another transaction held a lock') })
  await admin.query('rollback; begin; select * from polls')
  const error: any = await tenancy.tenants
    .adopt({ schema: 'ferrari', tables, lockTimeoutMs: 20, retries: 1 })
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'ADOPTION_REFUSED', message: expect.stringContaining('another transaction held a lock') })
  expect(await tenancy.tenants.find('ferrari')).toBeUndefined()
  const waiting = tenancy.tenants.adopt({ schema: 'ferrari', tables })
  await admin.query('commit')
  await waiting
  await admin.query('create table polls_more (id int)')
  const both = await Promise.allSettled(['a', 'b'].map((schema) => tenancy.tenants.adopt({ schema, tables: 'polls_more' })))
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
})

test('a role that does not own the tables adopts nothing, and learns whose they are', async () => {
  const role = `adopter_${process.pid}`
  await admin.query(
    `drop role if exists ${role}; create role ${role} login password 'x'; grant create on database ${new URL(directUrl).pathname.slice(1)} to ${role}; grant all on schema public to ${role}`,
  )
  const address = new URL(url)
  address.username = role
  address.password = 'x'
  const tenancy = await open({}, { database: { ...Object.fromEntries([]), connectionString: address.href } as any })
  try {
    await admin.query(
      `alter database ${new URL(directUrl).pathname.slice(1)} set lock_timeout = 0; drop schema if exists partywall cascade`,
    )
    const findings = await refused(tenancy.tenants.adopt({ schema: 'ferrari', tables }))
    expect(findings[0]).toEqual({
      kind: 'owner',
      object: expect.any(String),
      sentence: expect.stringContaining('belongs to another role'),
    })
  } finally {
    await tenancy.close()
    await admin.query(`drop schema partywall cascade; drop owned by ${role}; drop role ${role}`)
  }
})

test('release brings everything back into the shared schema, and refuses a name that is taken', async () => {
  const tenancy = await open()
  const before = await readBlueprint(admin, 'public')
  const adopted = await tenancy.tenants.adopt({ schema: 'ferrari', tables })
  await admin.query('create table public.polls_base (id int)')
  expect((await refused(tenancy.tenants.release('ferrari'))).map(({ kind, object }) => [kind, object])).toEqual([
    ['name', 'table public.polls_base'],
  ])
  await admin.query('drop table public.polls_base')
  expect(await tenancy.tenants.release('ferrari', { plan: true })).toMatchObject({ to: 'public', refused: [] })
  const released = await tenancy.tenants.release('ferrari')
  expect(released.id).toBe(adopted.id)
  const after = await readBlueprint(admin, 'public')
  for (const key of ['relations', 'sequences', 'types', 'routines', 'statistics'] as const)
    expect(after[key]).toEqual(before[key])
  expect(await tenancy.tenants.find('ferrari')).toBeUndefined()
  await expect(tenancy.run(adopted, () => tenancy.pool.query('select 1'))).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
  expect((await admin.query(`select to_regnamespace('ferrari') as schema`)).rows).toEqual([{ schema: null }])
  // And another time, into a schema of its own; other tenants with such names would be led astray otherwise.
  await tenancy.tenants.adopt({ schema: 'ferrari', tables })
  await admin.query('create schema attic; create schema second; create table second.polls (id int)')
  await tenancy.tenants.adopt({ schema: 'second', inPlace: true })
  expect((await refused(tenancy.tenants.release('ferrari'))).map(({ sentence }) => sentence)).toEqual([
    expect.stringContaining('NAME_IN_BOTH_SCOPES'),
  ])
  await tenancy.tenants.release('ferrari', { to: 'attic' })
  expect(await namesIn('attic')).toContain('polls')
  await tenancy.tenants.release('second', { inPlace: true })
  expect(await namesIn('second')).toContain('polls')
})

test('under the boundary role the tenant gets its role, other tenants lose what they read, and release drops the role', async () => {
  const tenancy = await open({}, { boundary: 'role' })
  await tenancy.tenants.create({ schema: 'other' })
  const tenant = await tenancy.tenants.adopt({ schema: 'ferrari', tables })
  const rights = (
    await admin.query(
      `select has_table_privilege($1, 'ferrari.polls', 'insert') as own, has_sequence_privilege($1, 'ferrari.polls_id_seq', 'usage') as counts, relacl::text as acl from pg_class where oid = 'ferrari.polls'::regclass`,
      [tenantRole(tenant.id)],
    )
  ).rows[0]
  expect(rights).toMatchObject({ own: true, counts: true })
  expect(rights.acl).not.toMatch(/partywall_(?:tenants|shared)_/)
  expect(
    await tenancy.run('ferrari', () => tenancy.pool.query('select count(*)::int from polls_choices')).then(({ rows }) => rows),
  ).toEqual([{ count: 3 }])
  await expect(tenancy.run('other', () => tenancy.pool.query('select * from ferrari.polls_choices'))).rejects.toThrow(
    /permission denied/,
  )
  await tenancy.tenants.release('ferrari')
  expect((await admin.query('select from pg_roles where rolname = $1', [tenantRole(tenant.id)])).rows).toEqual([])
  expect(
    await tenancy.run('other', () => tenancy.pool.query('select count(*)::int from polls_choices')).then(({ rows }) => rows),
  ).toEqual([{ count: 3 }])
})
