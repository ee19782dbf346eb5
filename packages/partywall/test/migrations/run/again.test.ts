/** `migrations.redo` and `migrations.reset`: what is written is applied again, in the named tenants alone, as a whole or not at all. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having, histories, type Fleet } from './fleet.ts'

const file = (name: string): string => `migrations/tenant/${name}`
const moreSql = (column: string): string => `create table more (${column} int);\n-- partywall: down\ndrop table more;`

async function columns({ rows }: Fleet, table: string): Promise<string[]> {
  const found = await rows(
    `select table_schema || '.' || column_name as name from information_schema.columns where table_name = '${table}' order by 1`,
  )
  return found.map(({ name }) => name as string)
}

describe('migrations.redo', () => {
  test('rolls back the last migration as its file is now, and applies it again, in the named tenants alone', async () => {
    const fleet = await fleetOf(2, { [file('0002_more.sql')]: moreSql('a') })
    const { migrations, root } = fleet
    await writeFiles(root, { [file('0002_more.sql')]: moreSql('b'), [file('0003_later.sql')]: 'create table later ()' })
    const changed = (await migrations.status({ tenants: 't001' }))[0]!.problem
    expect(changed).toMatchObject({
      code: 'MIGRATION_CHANGED',
      details: { mayRedo: true },
      message: expect.stringContaining('migrate redo'),
    })

    const report = await migrations.redo({ tenants: 't001' })
    expect(report).toMatchObject({ ok: true, entries: [{ target: 't001', applied: ['0002_more'] }] })
    expect(await columns(fleet, 'more')).toEqual(['t001.b', 't002.a'])
    expect(await having(fleet, 'later')).toEqual([])
    expect((await migrations.status({ tenants: 't001', verify: true }))[0]).toMatchObject({ applied: 2, pending: ['0003_later'] })
    expect((await migrations.run({ tenants: 't001' })).ok).toBe(true)

    // A file that is not the last one must be as it was applied.
    const [entry] = (await migrations.redo({ tenants: 't002' })).entries
    expect(entry).toMatchObject({ state: 'done', applied: ['0002_more'] })
    await writeFiles(root, { [file('0001_polls.sql')]: 'create table polls (id int)' })
    const refused = (await migrations.redo({ tenants: true })).entries
    expect(refused.map(({ error }) => (error as { code: string }).code)).toEqual(['MIGRATION_CHANGED', 'MIGRATION_CHANGED'])
    expect(await columns(fleet, 'more')).toEqual(['t001.b', 't002.b'])
  })

  test('changes nothing when one half fails, when there is no down migration, or when nothing was applied', async () => {
    const fleet = await fleetOf(1, { [file('0002_more.sql')]: moreSql('a') })
    const { migrations, root, rows } = fleet
    await rows('insert into t001.more values (1)')
    const before = await histories(fleet)
    for (const text of ['create table more (b int); x;\n-- partywall: down\ndrop table more;', `${moreSql('b')} x`]) {
      await writeFiles(root, { [file('0002_more.sql')]: text })
      expect((await migrations.redo({ tenants: 't001' })).entries[0]!.error).toMatchObject({ code: 'MIGRATION_FAILED' })
    }
    await writeFiles(root, { [file('0002_more.sql')]: 'create table more (b int)' })
    expect((await migrations.redo({ tenants: 't001' })).entries[0]!.error).toMatchObject({
      code: 'INVALID_MIGRATION',
      message: expect.stringContaining('migrate reset'),
    })
    await rm(join(root, file('0002_more.sql')))
    expect((await migrations.redo({ tenants: 't001' })).entries[0]!.error).toMatchObject({ details: { problem: 'gone' } })
    expect(await histories(fleet)).toEqual(before)
    expect(await rows('select a from t001.more')).toEqual([{ a: 1 }])
    expect(await migrations.redo({ shared: true })).toMatchObject({ ok: true, entries: [{ target: 'shared', applied: [] }] })
    await expect(migrations.run({ resume: true })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { option: 'resume' },
    })
  })

  test('does a migration outside of transactions again, and leaves the one before it when its second half fails', async () => {
    const index = 'create index concurrently polls_title on polls (title);'
    const down = '\n-- partywall: down\ndrop index concurrently polls_title;'
    const fleet = await fleetOf(1, { [file('0002_index.sql')]: `-- partywall: no-transaction\n${index}${down}` })
    const { migrations, root } = fleet
    expect((await migrations.redo({ tenants: 't001' })).ok).toBe(true)
    expect(await having(fleet, 'polls_title')).toEqual(['t001'])
    await writeFiles(root, { [file('0002_index.sql')]: `-- partywall: no-transaction\nselect 1 / 0;${down}` })
    expect((await migrations.redo({ tenants: 't001' })).ok).toBe(false)
    expect(await having(fleet, 'polls')).toEqual(['t001'])
    expect(await histories(fleet)).toMatchObject({ t001: expect.arrayContaining(['0001_polls']) })
  })

  test('must be given tenants, or the shared schema alone', async () => {
    const { migrations } = await fleetOf(0)
    for (const options of [{}, { shared: false }, { shared: true, tenants: true }, { tenants: 'x', to: '1' }]) {
      await expect(migrations.redo(options as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    for (const options of [{}, { tenants: true }, { kinds: 'default' }, { tenants: 'x', shared: true }]) {
      await expect(migrations.reset(options as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
  })
})

describe('migrations.reset', () => {
  const zoo = `
    create table parents (id int generated always as identity primary key, name text unique);
    create table children (parent int references parents, n serial) partition by range (n);
    create table children_1 partition of children for values from (1) to (100);
    create type mood as enum ('fine', 'bad');
    create type pair as (a mood, b int);
    create type span as range (subtype = int);
    create domain small as int check (value < 10);
    create sequence numbers;
    create view names as select name from parents;
    create materialized view moods as select 'fine'::mood as mood;
    create function twice(m mood) returns pair language sql as $$ select (m, 2)::pair $$;
    create procedure nothing() language sql as $$ select 1 $$;
    create function add_up(int, mood) returns int language sql as $$ select $1 $$;
    create aggregate total(mood) (sfunc = add_up, stype = int, initcond = '0');
    create function same(mood, mood) returns boolean language sql as $$ select true $$;
    create operator ### (leftarg = mood, rightarg = mood, function = same);
    create function ordered(pair, pair) returns int language sql as $$ select 0 $$;
    create operator family pairs using btree;
    create operator class pair_order for type pair using btree family pairs as function 1 ordered(pair, pair);
    create collation numeric_c (provider = libc, locale = 'C');
    create statistics on_parents on id, name from parents;
    create text search configuration plain_words (copy = pg_catalog.simple);
    create function touched() returns trigger language plpgsql as $$ begin return new; end $$;
    create trigger touched before insert on parents for each row execute function touched();
    create policy own on parents using (true);
    create rule no_delete as on delete to parents do instead nothing;
    create cast (mood as text) with inout`

  test('drops all that is in the schema, of every kind, and applies all files; the schema keeps its id and its grants', async () => {
    const fleet = await fleetOf(2, { [file('0002_titles.sql')]: 'alter table polls add column subtitle text' })
    const { migrations, rows } = fleet
    await rows(
      `set search_path = t001; ${zoo}; reset search_path; insert into t001.polls (title) values ('gone'); insert into t002.polls (title) values ('kept')`,
    )
    await rows(
      'grant usage on schema t001 to pg_monitor; alter default privileges in schema t001 grant select on tables to pg_monitor',
    )
    const schema = `select oid, nspacl::text as acl from pg_namespace where nspname = 't001'`
    const before = await rows(schema)

    const report = await migrations.reset({ tenants: 't001' })
    expect(report).toMatchObject({ ok: true, entries: [{ target: 't001', applied: ['0001_polls', '0002_titles'] }] })
    expect(await rows(schema)).toEqual(before)
    expect(
      await rows(`
        select relname as name from pg_class where relnamespace = 't001'::regnamespace and relkind <> 'i'
        union all select typname from pg_type where typnamespace = 't001'::regnamespace and typrelid = 0 and typelem = 0
        union all select proname from pg_proc where pronamespace = 't001'::regnamespace
        union all select oprname from pg_operator where oprnamespace = 't001'::regnamespace
        union all select collname from pg_collation where collnamespace = 't001'::regnamespace
        union all select cfgname from pg_ts_config where cfgnamespace = 't001'::regnamespace
        union all select stxname from pg_statistic_ext where stxnamespace = 't001'::regnamespace
        order by 1`),
    ).toEqual([{ name: 'partywall_migrations' }, { name: 'polls' }, { name: 'polls_id_seq' }])
    expect(await rows('select title from t001.polls')).toEqual([])
    expect(await rows(`select has_table_privilege('pg_monitor', 't001.polls', 'select') as may`)).toEqual([{ may: true }])
    expect(await rows('select title from t002.polls')).toEqual([{ title: 'kept' }])
    expect(
      (await migrations.status({ verify: true })).every(({ problem, pending }) => problem === undefined && pending.length === 0),
    ).toBe(true)
  })

  test('works on a schema that nothing else can migrate, and keeps everything when a migration fails', async () => {
    const fleet = await fleetOf(1)
    const { migrations, root, rows } = fleet
    await rows(`insert into t001.polls (title) values ('kept')`)
    await writeFiles(root, { [file('0002_bad.sql')]: 'create table more (); select 1 / 0' })
    expect((await migrations.reset({ tenants: 't001' })).entries[0]!.error).toMatchObject({
      code: 'MIGRATION_FAILED',
      details: { sqlState: '22012', file: join(root, file('0002_bad.sql')) },
    })
    expect(await rows('select title from t001.polls')).toEqual([{ title: 'kept' }])
    expect((await migrations.status({ tenants: 't001' }))[0]).toMatchObject({ applied: 1 })

    await writeFiles(root, {
      [file('0002_bad.sql')]: '-- partywall: no-transaction\ncreate index concurrently more on polls (id)',
    })
    await rows('drop table t001.partywall_migrations')
    expect((await migrations.status({ tenants: 't001' }))[0]!.problem).toMatchObject({ code: 'HISTORY_MISSING' })
    expect((await migrations.reset({ tenants: 't001' })).ok).toBe(true)
    expect(await histories(fleet)).toEqual({ t001: ['0001_polls', '0002_bad'] })
  })

  test('is refused while something of another schema depends on the tenant, and names it', async () => {
    const fleet = await fleetOf(2)
    const { migrations, rows } = fleet
    await rows(`create type t001.mood as enum ('fine'); create function t001.one() returns int language sql as $$ select 1 $$`)
    await rows('alter table t002.polls alter column id drop identity')
    for (const [create, name, drop] of [
      ['create view public.all_polls as select * from t001.polls', 'public.all_polls', 'drop view public.all_polls'],
      ['create table public.notes (poll int references t001.polls)', 'public.notes', 'drop table public.notes'],
      ['alter table t002.polls add column mood t001.mood', 't002.polls', 'alter table t002.polls drop column mood'],
      [
        'alter table t002.polls alter column id set default t001.one()',
        't002.polls',
        'alter table t002.polls alter column id drop default',
      ],
      ['create extension hstore schema t001', 'extension hstore', 'drop extension hstore'],
    ] as const) {
      await rows(create)
      const [entry] = (await migrations.reset({ tenants: 't001' })).entries
      expect(entry!.error).toMatchObject({ code: 'MIGRATION_FAILED', message: expect.stringContaining(name) })
      await rows(drop)
    }
    expect((await migrations.reset({ tenants: 't001' })).ok).toBe(true)
  })

  test('is refused when the migrations would change a shared object in the emptied schema', async () => {
    const fleet = await fleetOf(1, { 'migrations/shared/0001_plans.sql': 'create table plans (name text)' })
    const { migrations, root, rows } = fleet
    await migrations.run({ shared: true })
    await rows('create table t001.plans (name text)')
    await writeFiles(root, { [file('0002_plans.sql')]: 'alter table plans add column price int' })
    const [entry] = (await migrations.reset({ tenants: 't001' })).entries
    expect(entry!.error).toMatchObject({ code: 'INVALID_MIGRATION' })
    expect(await having(fleet, 'plans')).toEqual(['public', 't001'])
    expect(await columns(fleet, 'plans')).toEqual(['public.name', 't001.name'])
  })
})

test('a rollback of a changed file is refused, and done with `edited` as the file is now', async () => {
  const fleet = await fleetOf(1, { [file('0002_more.sql')]: moreSql('a') })
  const { migrations, root } = fleet
  await writeFiles(root, { [file('0002_more.sql')]: moreSql('b') })
  const down = { tenants: 't001', down: true, to: '1' } as const
  expect((await migrations.run(down)).entries[0]!.error).toMatchObject({ code: 'MIGRATION_CHANGED' })
  expect((await migrations.run({ ...down, edited: true })).ok).toBe(true)
  expect(await histories(fleet)).toEqual({ t001: ['0001_polls'] })
  await writeFiles(root, { [file('0001_polls.sql')]: 'create table polls ()' })
  await migrations.run({ tenants: 't001' })
  expect((await migrations.run({ ...down, edited: true })).entries[0]!.error).toMatchObject({ code: 'MIGRATION_CHANGED' })
  await expect(migrations.run({ edited: true })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})
