/** Tenants are cloned from tenants in use, with the application's login apart from the deploy role, under the boundaries path and role. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy, type Tenant, type TenancyEvents } from '../../src/index.ts'
import { tenantRole } from '../../src/names/role-name.ts'
import { auditOf, lastEntry } from '../support/tenants/audit.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { writeFiles } from '../support/tenants/registry.ts'

const { url, directUrl } = await testDatabase()
const own = await leastPrivilege(directUrl, url)
const root = await mkdtemp(join(tmpdir(), 'partywall-clone-'))
await writeFiles(root, {
  'migrations/shared/0001_plans.sql': `create table plans (name text primary key);
    create table invoices (tenant_id uuid, total int); select partywall.protect('public.invoices')`,
  'migrations/tenant/0001_all.sql': `
    create type mood as enum ('sad', 'ok');
    create type point2 as (x int, y mood);
    create domain short as varchar(40) check (length(value) > 3);
    create table users (
      id int generated always as identity primary key, email short not null, name text, phone varchar(20), tags text[] default '{}', mood mood, moods mood[],
      place point2, born date, lower_name text generated always as (lower(name)) stored, plan text references plans, boss int references users
    );
    create unique index on users (lower(email));
    create table sessions (id serial primary key, user_id int not null references users, token text not null);
    create table visits (id bigserial primary key, session_id int references sessions on delete set null, note text);
    create table events (id int, at date not null, who int references users, primary key (id, at)) partition by range (at);
    create table events_old partition of events for values from (minvalue) to ('2020-01-01');
    create table events_new partition of events default;
    create table base (id int, secret text);
    create table child (extra text) inherits (base);
    create table log (line text);
    create function note_user() returns trigger language plpgsql as 'begin insert into log values (new.name); return new; end';
    create trigger note_user after insert on users for each row execute function note_user();
    create rule twice as on insert to visits do also insert into log values ('rule');
    create materialized view names as select name from users;
    create materialized view empty_names as select name from users with no data;
    create view moods as select mood, count(*) from users group by mood; create view hidden as with lines as (select line from log), log as (select 1 as one) select * from lines, log;
    create table "Odd ""name" ("Sel.ect" int, "a'b" mood);
    create sequence counter start 5;
    create table pictures (id int, png bytea, doc jsonb, key uuid);
    create table nothing ()`,
})
const admin = new Client(directUrl)
beforeAll(() => admin.connect())
afterAll(async () => {
  await admin.end()
  await rm(root, { recursive: true })
})

describe.each(['path', 'role'] as const)('under the boundary %s', (boundary) => {
  const tenancy = createTenancy({
    root,
    database: { connectionString: own.app, deploy: own.deploy },
    boundary,
    shared: { grants: { invoices: ['insert'] } },
  })
  const { tenants } = tenancy
  const named = (name: string): string => `${boundary}_${name}`
  const source = named('source')
  const rowsIn = async <R extends object>(schema: string, text: string): Promise<R[]> =>
    tenancy.run(schema, async () => (await tenancy.pool.query(text)).rows)
  beforeAll(async () => {
    if (boundary === 'role') await tenancy.boundary.upgrade()
    await tenancy.migrations.run()
    await admin.query(`insert into plans values ('pro') on conflict do nothing`)
    await tenants.create({ schema: source, domains: [`${boundary}.example.com`] })
    await tenancy.run(source, async () => {
      await tenancy.pool.query(`
        insert into users (email, name, phone, tags, mood, moods, place, born, plan) values
          ('ada@example.com', 'Ada', '+1 234', '{a,"b c"}', 'ok', '{sad,ok}', '(1,sad)', '1815-12-10', 'pro'), ('bob@example.com', 'Bob', null, null, null, null, null, null, null);
        update users set boss = 1 where name = 'Bob';
        delete from users where name = 'none';
        insert into sessions (user_id, token) values (1, 's3cret');
        insert into visits (session_id, note) values (1, 'first');
        insert into events values (1, '2019-01-01', 1), (2, '2021-01-01', 2);
        insert into base values (1, 'b'); insert into child values (2, 'c', 'x');
        insert into "Odd ""name" values (1, 'ok');
        insert into pictures values (1, '\\x00ff', '{"a": 1}', '00000000-0000-0000-0000-000000000001');
        insert into nothing default values; insert into nothing default values;
        insert into log select 'line ' || n from generate_series(1, 500) as n;
        insert into invoices (total) values (7);
        select nextval('counter')`)
    })
    const { rows } = await admin.query(
      `select relowner::regrole::text as owner from pg_class where oid = '${source}.users'::regclass`,
    )
    await admin.query(`set role ${rows[0].owner}; refresh materialized view ${source}.names; reset role`)
  })
  afterAll(() => tenancy.close())

  test('clone copies structure, rows, counters and history, and nothing of it is shared with the source', async () => {
    const since = await lastEntry(admin)
    const events: TenancyEvents['tenant.clone.progress'][] = []
    onTestFinished(tenancy.on('tenant.clone.progress', (event) => events.push(event)))
    const clone = await tenants.clone(source, { schema: named('copy'), name: 'Copy', domains: [`copy.${boundary}.example.com`] })
    expect(clone).toMatchObject({ schema: named('copy'), name: 'Copy', status: 'active', kind: 'default' })
    expect(await auditOf(admin, since)).toMatchObject(
      [{ action: 'tenant.created', object: named('copy'), details: { clonedFrom: source } }, { action: 'domain.added' }].slice(
        0,
        1,
      ),
    )
    for (const table of [
      'users',
      'events',
      'events_old',
      'only base',
      'child',
      'log',
      'names',
      'moods',
      '"Odd ""name"',
      'pictures',
      'nothing',
    ]) {
      const text = `select * from ${table} as t order by t::text`
      expect([table, await rowsIn(named('copy'), text)]).toEqual([table, await rowsIn(source, text)])
    }
    expect(await rowsIn(named('copy'), 'select * from sessions')).toEqual([])
    expect(await rowsIn(named('copy'), 'select session_id, note from visits')).toEqual([{ session_id: null, note: 'first' }])
    await expect(rowsIn(named('copy'), 'select * from empty_names')).rejects.toMatchObject({ code: '55000' })
    expect(await rowsIn(named('copy'), `select nextval('counter')::int as next`)).toEqual([{ next: 6 }])
    expect(await rowsIn(named('copy'), `insert into users (email, name) values ('eve@example.com', 'Eve') returning id`)).toEqual(
      [{ id: 3 }],
    )
    expect(await rowsIn(source, `select count(*)::int from users`)).toEqual([{ count: 2 }])
    expect(await rowsIn(named('copy'), `select line from log where line = 'Eve'`)).toEqual([{ line: 'Eve' }])
    expect((await tenancy.migrations.status({ tenants: named('copy') }))[0]).toMatchObject({ applied: 1, pending: [] })
    expect((await tenancy.drift({ tenants: named('copy') })).ok).toBe(true)
    expect(await rowsIn(named('copy'), 'select count(*)::int from invoices')).toEqual([{ count: 0 }])
    expect(events.at(-1)).toMatchObject({ source, schema: named('copy') })
    expect(events.at(-1)!.bytes).toBe(events.at(-1)!.totalBytes)
    const { rows } = await admin.query(
      `select distinct array_to_string(relacl, ',') ~ $2 as leads from pg_class where relnamespace = $1::regnamespace`,
      [named('copy'), tenantRole((await tenants.get(source)).id)],
    )
    expect(rows.filter(({ leads }) => leads)).toEqual([])
  })

  test('clone copies the structure alone, with counters at their start, and create does so with cloneFrom', async () => {
    await tenants.create({ schema: named('bare'), cloneFrom: source })
    await expect(tenants.create({ schema: named('x'), cloneFrom: source, kind: 'other' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    expect(await rowsIn(named('bare'), 'select count(*)::int from users')).toEqual([{ count: 0 }])
    expect(await rowsIn(named('bare'), `select nextval('counter')::int as next`)).toEqual([{ next: 5 }])
    expect(await rowsIn(named('bare'), 'select count(*)::int from names')).toEqual([{ count: 0 }])
    expect((await tenancy.drift({ tenants: named('bare') })).ok).toBe(true)
  })

  test('clone has the rights of the source, and no more', async () => {
    const rights = async (schema: string): Promise<unknown> => {
      const { id } = await tenants.get(schema)
      const role = boundary === 'role' ? tenantRole(id) : own.appRole
      const { rows } = await admin.query(
        `select has_table_privilege($1, $2 || '.log', 'insert') as insert, has_table_privilege($1, $2 || '.log', 'delete') as delete,
           has_sequence_privilege($1, $2 || '.counter', 'usage') as usage, has_table_privilege($1, $2 || '.partywall_migrations', 'insert') as history`,
        [role, schema],
      )
      return rows
    }
    const schema = named('rights')
    const { id } = await tenants.clone(source, { schema: named('rights'), data: false })
    const role = boundary === 'role' ? tenantRole(id) : own.appRole
    await admin.query(
      `set role ${own.deployRole}; revoke delete on ${schema}.log from ${role}; revoke all on sequence ${schema}.counter from ${role}; reset role`,
    )
    await tenants.clone(schema, { schema: named('rights_2') })
    expect(await rights(named('rights_2'))).toEqual([{ insert: true, delete: false, usage: false, history: false }])
    expect(await rights(source)).toEqual([{ insert: true, delete: true, usage: true, history: false }])
  })

  test('clone masks columns, also of partitions and children, and keeps the sessions only when it is asked to', async () => {
    await tenants.clone(source, {
      schema: named('masked'),
      keepSessions: true,
      mask: {
        'users.email': 'email',
        'users.name': { sql: `upper(left(source.name, 1))` },
        'users.phone': 'null',
        'users.tags': 'empty',
        'users.mood': { sql: `case when mood is null then null else 'sad' end` },
        'base.secret': 'hash',
        'pictures.key': 'hash',
        'pictures.doc': 'empty',
        'events.who': 'null',
        log: 'empty',
      },
    })
    const users = await rowsIn<Record<string, unknown>>(named('masked'), 'select * from users order by id')
    expect(users).toMatchObject([
      { name: 'A', lower_name: 'a', phone: null, tags: [], mood: 'sad' },
      { name: 'B', lower_name: 'b', mood: null },
    ])
    for (const { email } of users) expect(email).toMatch(/^[0-9a-f]{25}@masked\.invalid$/)
    expect(new Set(users.map(({ email }) => email)).size).toBe(2)
    expect(await rowsIn(named('masked'), `select count(*)::int from base where secret ~ '^[0-9a-f]{64}$'`)).toEqual([
      { count: 2 },
    ])
    expect(await rowsIn(named('masked'), 'select token from sessions')).toEqual([{ token: 's3cret' }])
    expect(await rowsIn(named('masked'), 'select distinct who from events')).toEqual([{ who: null }])
    expect(
      await rowsIn(named('masked'), 'select doc, key <> $$00000000-0000-0000-0000-000000000001$$ as other from pictures'),
    ).toEqual([{ doc: {}, other: true }])
    expect(await rowsIn(named('masked'), 'select * from log')).toEqual([])
  })

  test('clone refuses masks that name nothing, do not fit, or are more than an expression', async () => {
    for (const mask of [
      { 'users.mail': 'email' },
      { users: 'hash' },
      { 'users.email': 'nul' },
      { 'users.email': 'null' },
      { 'users.id': 'hash' },
      { 'users.lower_name': 'null' },
      { 'users.born': 'email' },
      { 'users.name': { sql: `'x') from users; drop table users; --` } },
      { 'users.name': { sql: `1, 2` } },
      { 'users.name': { sql: `1) union select (2` } },
      { 'users.name': { sql: '' } },
    ] as any[]) {
      await expect(tenants.clone(source, { schema: named('bad'), mask })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    await expect(
      tenants.clone(source, { schema: named('bad'), keepSessions: true, mask: { users: 'empty' } }),
    ).rejects.toMatchObject({
      code: 'CLONE_REFUSED',
    })
    const failed = await tenants
      .clone(source, { schema: named('bad'), mask: { 'users.phone': { sql: `'a text that is too long: ' || source.email` } } })
      .catch((error: Error) => error)
    expect(failed).toMatchObject({ code: 'CLONE_FAILED', details: { sqlState: '22001', step: 'copying the rows of "users"' } })
    expect(JSON.stringify(failed) + (failed as Error).message + String((failed as Error).cause)).not.toContain('ada@')
    expect(await tenants.find(named('bad'))).toBeUndefined()
    expect((await admin.query(`select to_regnamespace($1) as there`, [named('bad')])).rows).toEqual([{ there: null }])
  })

  test('a plan names tables, sizes, what stays empty and rows of shared tables, and changes nothing', async () => {
    const plan = await tenants.clone(source, { schema: named('planned'), plan: true, mask: { 'users.email': 'email' } })
    expect(plan).toMatchObject({ source, schema: named('planned'), cut: ['visits.session_id'], refused: [] })
    expect(plan.tables.find(({ name }) => name === 'sessions')).toMatchObject({ isCopied: false })
    expect(plan.tables.find(({ name }) => name === 'users')).toMatchObject({ isCopied: true, masked: ['email'] })
    expect(plan.sharedRows).toMatchObject([{ table: 'public.invoices', rows: 1 }])
    expect(plan.mayHoldSecrets).toEqual(['base.secret', 'child.secret'])
    expect(plan.bytes).toBeGreaterThan(0)
    expect(await tenants.find(named('planned'))).toBeUndefined()
  })

  test('clone reads one snapshot while the source is written, and waits for what changes its structure', async () => {
    const writer = new Client(directUrl)
    await writer.connect()
    onTestFinished(() => writer.end())
    await writer.query(`begin; insert into ${source}.log values ('uncommitted')`)
    await tenants.clone(source, { schema: named('snapshot') })
    await writer.query('rollback')
    expect(await rowsIn(named('snapshot'), `select * from log where line = 'uncommitted'`)).toEqual([])
    // The snapshot is taken before the row of the clone is written.
    const waits = async (): Promise<number> =>
      (await admin.query(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)).rows
        .length
    await writer.query(`begin; lock table partywall.tenants in share mode`)
    const early = tenants.clone(source, { schema: named('early') })
    await expect.poll(waits, { interval: 10 }).toBeGreaterThan(0)
    await admin.query(`insert into ${source}.log values ('later'); insert into ${source}.base values (9, 'later')`)
    await writer.query('rollback')
    await early
    expect(
      await rowsIn(
        named('early'),
        `select line as later from log where line = 'later' union all select secret from base where id = 9`,
      ),
    ).toEqual([])
    await writer.query(`begin; alter table ${source}.log add column more int`)
    const cloning = tenants.clone(source, { schema: named('waited') })
    await expect
      .poll(
        async () =>
          (await admin.query(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)).rows
            .length,
      )
      .toBeGreaterThan(0)
    await writer.query('rollback')
    expect(await cloning).toMatchObject({ schema: named('waited') })
  })

  test('of clones of one name at the same time one succeeds, and a tenant that may not be cloned is refused', async () => {
    const all = await Promise.allSettled([1, 2, 3].map(() => tenants.clone(source, { schema: named('race'), data: false })))
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const one of all) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'SCHEMA_EXISTS' })
    await expect(tenants.clone('nowhere', { schema: named('x') })).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
    await expect(tenants.clone(source, { schema: 'public' })).rejects.toMatchObject({ code: 'INVALID_SCHEMA_NAME' })
    await expect(tenants.clone(source, { schema: named('x'), data: 'no' } as any)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await expect(tenants.clone(source, { schema: named('x'), signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
      'stop',
    )
    const archived: Tenant = await tenants.archive(named('race'))
    await expect(tenants.clone({ id: archived.id }, { schema: named('x') })).rejects.toMatchObject({
      code: 'INVALID_TENANT_MOVE',
    })
  })
})
