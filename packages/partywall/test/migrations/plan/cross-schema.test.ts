/** Cross-schema references: a tenant migration that would change an object of the shared schema, because the tenant has none of that name. */
import { describe, expect, test } from 'vitest'
import { registryForTest, writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having, histories, type Fleet } from '../run/fleet.ts'

const sharedSql = `
  create table plans (id int primary key, price int);
  insert into plans values (1, 10);
  create type mood as enum ('good');
  create view offers as select id from plans;
  create sequence numbers;
  create function round_up(int) returns int language sql as 'select $1';
  create function nothing() returns trigger language plpgsql as 'begin return null; end';`

async function fleetWithPlans(count: number, files: Record<string, string> = {}): Promise<Fleet> {
  const fleet = await fleetOf(count, {}, { shadowed: ['plans'] })
  await fleet.rows(sharedSql)
  await writeFiles(fleet.root, files)
  return fleet
}

/** Everything of the shared schema that the migrations here could change. */
async function sharedState({ rows }: Fleet): Promise<unknown> {
  const [{ state }] = await rows(`
    select jsonb_build_array(
      (select jsonb_agg(to_jsonb(plans)) from public.plans),
      (select jsonb_agg(relname order by relname) from pg_class where relnamespace = 'public'::regnamespace),
      (select jsonb_agg(attname order by attname) from pg_attribute where attrelid = 'public.plans'::regclass and not attisdropped),
      (select jsonb_agg(proname order by proname) from pg_proc where pronamespace = 'public'::regnamespace),
      (select jsonb_agg(enumlabel) from pg_enum),
      (select jsonb_agg(tgname order by tgname) from pg_trigger where tgrelid = 'public.plans'::regclass),
      obj_description('public.plans'::regclass, 'pg_class')
    ) as state`)
  return state
}

describe('a run with a cross-schema reference', () => {
  test.each([
    'alter table plans add column currency text',
    'alter table if exists only plans add column currency text',
    'ALTER TABLE Plans RENAME TO tariffs',
    'drop table if exists polls, plans cascade',
    'create index on plans (price)',
    'create unique index concurrently_not on plans (price)',
    'truncate plans cascade',
    `comment on table plans is 'ours'`,
    'create trigger unwanted after insert on plans execute function nothing()',
    `alter type mood add value 'bad'`,
    'drop view offers',
    'alter sequence numbers restart with 7',
    'drop function if exists round_up(int)',
    '-- partywall: no-transaction\ncreate index concurrently plans_price on "plans" (price)',
  ])('refuses it in every tenant that lacks the object: %s', async (text) => {
    const fleet = await fleetWithPlans(2, { 'migrations/tenant/0002_shared.sql': `select 1;\n${text}` })
    const before = await sharedState(fleet)
    const report = await fleet.migrations.run()
    expect(report.ok).toBe(false)
    for (const { target, state, applied, error } of report.entries.slice(1)) {
      expect({ target, state, applied }).toEqual({ target, state: 'failed', applied: [] })
      expect(error).toMatchObject({ code: 'INVALID_MIGRATION', details: { schema: target, name: '0002_shared' } })
      expect(String(error)).toMatch(/0002_shared\.sql, line [23], changes ".*does not have by then.*shared schema "public"/s)
    }
    expect(await sharedState(fleet)).toEqual(before)
    expect(await histories(fleet)).toEqual({ t001: ['0001_polls'], t002: ['0001_polls'] })
    expect(await fleet.migrations.check()).toBe(false)
  })

  test('migrates a tenant that has an object of its own, and refuses the others', async () => {
    const fleet = await fleetWithPlans(3, { 'migrations/tenant/0002_shared.sql': 'alter table plans add column currency text' })
    await fleet.rows('create table t002.plans ()')
    const { entries } = await fleet.migrations.run()
    expect(entries.map(({ target, state }) => `${target} ${state}`)).toEqual([
      'shared done',
      't001 failed',
      't002 done',
      't003 failed',
    ])
    expect((await fleet.rows('select * from public.plans'))[0]).toEqual({ id: 1, price: 10 })
    const status = await fleet.migrations.status()
    expect(status.filter(({ problem }) => problem !== undefined).map(({ target }) => target)).toEqual(['t001', 't003'])
  })

  test('accepts a change of what an earlier migration created, under this name or another', async () => {
    const fleet = await fleetWithPlans(1, {
      'migrations/tenant/0002_own.sql': 'create table plans (id int); create table tariffs (id serial)',
      'migrations/tenant/0003_more.sql': `alter table plans add column a int; create index on plans (a); drop table if exists plans;
        alter table tariffs rename to plans; alter sequence tariffs_id_seq restart; truncate plans`,
    })
    const before = await sharedState(fleet)
    expect((await fleet.migrations.run()).ok).toBe(true)
    expect(await sharedState(fleet)).toEqual(before)
    expect(await having(fleet, 'plans')).toEqual(['public', 't001'])
  })

  test('refuses a change of what an earlier migration created and dropped', async () => {
    const fleet = await fleetWithPlans(1, {
      'migrations/tenant/0002_own.sql': 'create table plans (id int)',
      'migrations/tenant/0003_gone.sql': 'drop table plans',
      'migrations/tenant/0004_twice.sql': 'drop table plans',
    })
    const { entries } = await fleet.migrations.run()
    expect(String(entries.at(-1)!.error)).toContain('0004_twice.sql, line 1, changes "plans"')
    expect(await having(fleet, 'plans')).toEqual(['public'])
  })

  test('refuses a change of what the tenant has now, but an earlier pending migration renames', async () => {
    const fleet = await fleetWithPlans(1, { 'migrations/tenant/0002_own.sql': 'create table plans (id int)' })
    expect((await fleet.migrations.run()).ok).toBe(true)
    await writeFiles(fleet.root, {
      'migrations/tenant/0003_gone.sql': 'alter table plans rename to tariffs',
      'migrations/tenant/0004_twice.sql': '\ndrop table if exists plans',
    })
    const { entries } = await fleet.migrations.run()
    expect(String(entries.at(-1)!.error)).toContain('0004_twice.sql, line 2, changes "plans"')
    expect(await having(fleet, 'plans')).toEqual(['public', 't001'])
  })

  test('accepts a name that is written with its schema, and changes of data', async () => {
    const fleet = await fleetWithPlans(2, {
      'migrations/tenant/0002_meant.sql': `comment on table public.plans is 'of all'; insert into plans values (2, 20) on conflict do nothing`,
    })
    expect((await fleet.migrations.run()).ok).toBe(true)
  })

  test('refuses a change of what a pending migration creates in the shared schema', async () => {
    const fleet = await fleetWithPlans(1, {
      'migrations/shared/0001_reports.sql': 'create table reports (id int)',
      'migrations/tenant/0002_shared.sql': 'drop table if exists reports',
    })
    const { entries } = await fleet.migrations.run()
    expect(entries.map(({ target, state }) => `${target} ${state}`)).toEqual(['shared done', 't001 failed'])
    expect(await having(fleet, 'reports')).toEqual(['public'])
  })

  test('accepts what follows a pending migration in TypeScript, which may create the object', async () => {
    const fleet = await fleetWithPlans(1, {
      'migrations/tenant/0002_code.ts': `export async function up({ client }) { await client.query('create table plans (id int)') }`,
      'migrations/tenant/0003_more.sql': 'alter table plans add column a int',
    })
    const before = await sharedState(fleet)
    expect((await fleet.migrations.run()).ok).toBe(true)
    expect(await sharedState(fleet)).toEqual(before)
  })

  test('accepts a down migration that drops what the up migration created, and refuses one that changes the shared schema', async () => {
    const fleet = await fleetWithPlans(1, {
      'migrations/tenant/0002_own.sql': 'create table own ();\n-- partywall: down\ndrop table own',
      'migrations/tenant/0003_wrong.sql':
        'create table wrong ();\n-- partywall: down\ndrop table wrong;\ndrop table plans cascade',
    })
    const before = await sharedState(fleet)
    expect((await fleet.migrations.run()).ok).toBe(true)
    const rollback = await fleet.migrations.run({ down: true, to: '0001', tenants: true })
    expect(String(rollback.entries[0]!.error)).toContain('0003_wrong.sql, line 4, changes "plans"')
    expect(await sharedState(fleet)).toEqual(before)
    await fleet.rows('create table t001.plans ()')
    expect((await fleet.migrations.run({ down: true, to: '0001', tenants: true })).ok).toBe(true)
    expect(await sharedState(fleet)).toEqual(before)
  })

  test('leaves the refusal to PostgreSQL where the search path does not include the shared schema', async () => {
    const fleet = await fleetWithPlans(1, { 'migrations/tenant/0002_shared.sql': 'alter table plans add column currency text' })
    const withoutShared = registryForTest(fleet.url, { root: fleet.root, includeShared: false })
    const { entries } = await withoutShared.migrations.run()
    expect(entries.at(-1)!.error).toMatchObject({ code: 'MIGRATION_FAILED', message: expect.stringContaining('does not exist') })
  })

  test('records it as applied with fake, which changes nothing', async () => {
    const fleet = await fleetWithPlans(1, { 'migrations/tenant/0002_shared.sql': 'alter table plans add column currency text' })
    expect((await fleet.migrations.fake()).ok).toBe(true)
  })
})

test('tenants.create refuses a cross-schema reference, and creates nothing', async () => {
  const fleet = await fleetWithPlans(0, { 'migrations/tenant/0002_shared.sql': 'alter table plans add column currency text' })
  const before = await sharedState(fleet)
  await expect(fleet.create({ schema: 'acme' })).rejects.toMatchObject({
    code: 'INVALID_MIGRATION',
    details: { object: 'plans' },
  })
  expect(await sharedState(fleet)).toEqual(before)
  expect(await fleet.rows(`select from pg_namespace where nspname = 'acme'`)).toEqual([])
  expect(await fleet.rows('select from partywall.tenants')).toEqual([])
})
