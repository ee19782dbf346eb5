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
    'ALTER TABLE Plans RENAME TO tariffs',
    'create unique index concurrently_not on plans (price)',
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

  test('accepts a change of shared objects in a file that says so', async () => {
    const fleet = await fleetWithPlans(2, {
      'migrations/tenant/0002_meant.sql': `-- partywall: shared-objects\ncomment on table public.plans is 'of all'; insert into plans values (2, 20) on conflict do nothing`,
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

test('a change of any kind to a shared object is refused, whether the path or the file names the schema', async () => {
  const fleet = await fleetWithPlans(1)
  await fleet.rows(`
    create table parts (id int) partition by list (id); create table part (id int); create collation german (locale = 'C');
    create statistics plan_stats on id, price from plans; create text search configuration words (copy = simple);
    create text search dictionary stems (template = simple); create domain amount as int; create aggregate sum_up(int) (sfunc = int4pl, stype = int);
    create function same(int, int) returns boolean language sql as 'select $1 = $2'; create materialized view totals as select 1 as one;
    create operator === (function = same, leftarg = int, rightarg = int); create type pair as (a int); create policy all_rows on plans`)
  const accepted: string[] = []
  for (const statement of changesOf('')) if (await isAccepted(fleet, statement)) accepted.push(statement)
  for (const statement of changesOf('public.')) if (await isAccepted(fleet, statement)) accepted.push(statement)
  for (const statement of changesOf('').slice(0, 12)) {
    if (await isAccepted(fleet, `do $$ begin ${statement.replaceAll(/;$/g, '')}; end $$`)) accepted.push(`do: ${statement}`)
  }
  expect(accepted).toEqual([])
  // The proof that the question is asked right: what the tenant creates itself is accepted.
  expect(await isAccepted(fleet, `create table plans2 (id int); ${changesOf('')[0]!.replace('plans', 'plans2')}`)).toBe(true)
}, 30_000)

/** @param schema the schema with its dot, or nothing */
function changesOf(schema: string): string[] {
  const s = schema
  return [
    `comment on column ${s}plans.id is 'x'`,
    `grant select on ${s}plans to public`,
    `revoke all on table ${s}plans from public`,
    `insert into ${s}plans values (2, 2)`,
    `update ${s}plans set price = 0`,
    `alter table if exists only ${s}plans add column currency text`,
    `drop table if exists polls, ${s}plans cascade`,
    `create trigger unwanted after insert on ${s}plans execute function nothing()`,
    `comment on table ${s}plans is 'ours'`,
    `drop view ${s}offers`,
    `create unique index concurrently_not on ${s}plans (price)`,
    `delete from ${s}plans`,
    `with gone as (delete from ${s}plans returning id) select * from gone`,
    `merge into ${s}plans using (select 1 as id) as one on plans.id = one.id when matched then delete`,
    `truncate ${s}plans`,
    `drop table ${s}plans`,
    `alter table ${s}plans enable row level security`,
    `alter table ${s}plans owner to current_user`,
    `create table inner_part partition of ${s}parts for values in (1)`,
    `alter table ${s}parts attach partition ${s}part for values in (2)`,
    `create table child () inherits (${s}plans)`,
    `create table own (id int, price int); alter table own inherit ${s}plans`,
    `create index on ${s}plans (price)`,
    `create policy some_rows on ${s}plans`,
    `alter policy all_rows on ${s}plans using (true)`,
    `drop policy all_rows on ${s}plans`,
    `create rule none as on delete to ${s}plans do instead nothing`,
    `create statistics ours on id, price from ${s}plans`,
    `alter statistics ${s}plan_stats set statistics 5`,
    `drop statistics ${s}plan_stats`,
    `comment on statistics ${s}plan_stats is 'x'`,
    `alter collation ${s}german rename to danish`,
    `drop collation ${s}german`,
    `alter text search configuration ${s}words add mapping for asciiword with simple`,
    `drop text search configuration ${s}words`,
    `alter text search dictionary ${s}stems (stopwords)`,
    `drop text search dictionary ${s}stems`,
    `alter operator ${s}=== (int, int) set (restrict = none)`,
    `drop operator ${s}=== (int, int)`,
    `comment on operator ${s}=== (int, int) is 'x'`,
    `alter domain ${s}amount set not null`,
    `comment on constraint c on domain ${s}amount is 'x'`,
    `drop domain ${s}amount`,
    `alter type ${s}pair add attribute b int`,
    `alter type ${s}mood add value 'bad'`,
    `alter type ${s}mood rename value 'good' to 'best'`,
    `grant usage on type ${s}mood to public`,
    `alter function ${s}round_up(int) immutable`,
    `grant execute on function ${s}round_up(int) to public`,
    `drop routine ${s}round_up`,
    `drop aggregate ${s}sum_up(int)`,
    `comment on function ${s}round_up(int) is 'x'`,
    `alter view ${s}offers rename to others`,
    `drop materialized view ${s}totals`,
    `refresh materialized view ${s}totals`,
    `alter sequence ${s}numbers restart`,
    `reindex table ${s}plans`,
    `alter table ${s}plans set schema pg_temp`,
    `security label on table ${s}plans is 'x'`,
    `lock table ${s}plans`,
    `copy ${s}plans from '/nowhere'`,
  ]
}

async function isAccepted(fleet: Fleet, statement: string): Promise<boolean> {
  await writeFiles(fleet.root, { 'migrations/tenant/0002_change.sql': statement })
  const status = await fleet.migrations.status({ tenants: true }).catch((error: { code?: string }) => error)
  if (!Array.isArray(status)) return status.code !== 'INVALID_MIGRATION'
  return status.every(({ problem }) => (problem as { code?: string } | undefined)?.code !== 'INVALID_MIGRATION')
}
