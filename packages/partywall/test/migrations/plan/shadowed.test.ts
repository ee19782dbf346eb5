/** Names that the shared schema and the schemas of tenants have both: a tenant that lacks its own table uses the shared one. */
import { expect, test } from 'vitest'
import { folderForTest, registryForTest, writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having, type Fleet } from '../run/fleet.ts'

const tenantFile = (text: string) => ({ 'migrations/tenant/0002_more.sql': text })
const sharedFile = (text: string) => ({ 'migrations/shared/0001_shared.sql': text })

test('migrations that create a relation of the other scope are refused, unless its name is listed', async () => {
  const fleet = await fleetOf(1)
  await fleet.rows(`create table public.plans (); create view public.seen as select 1 as x; create sequence public.counter;
    create materialized view public.kept as select 1 as x; create function public.touch() returns int language sql as 'select 1';
    create index plans_index on public.plans ((1)); create table public.tmp (); create type public.mood as enum ('calm')`)
  const problemWith = async (files: Record<string, string>, shadowed: string[] = []): Promise<unknown> => {
    await writeFiles(fleet.root, { ...tenantFile('select 1'), ...sharedFile('select 1'), ...files })
    const [shared, tenant] = await listing(fleet, shadowed).migrations.status()
    return shared!.problem ?? tenant!.problem
  }
  for (const [object, text] of [
    ['plans', 'create table plans ()'],
    ['plans', 'create table if not exists plans ()'],
    ['plans', 'create unlogged table plans as select 1 as x'],
    ['plans', 'create /* a */ table "plans" ()'],
    ['plans', 'create view plans as select 1 as x'],
    ['seen', 'create or replace view seen as select 1 as x'],
    ['kept', 'create materialized view kept as select 1 as x'],
    ['counter', 'create sequence counter'],
    ['plans', 'create table new_plans (); alter table new_plans rename to plans'],
  ] as const) {
    expect({ text, problem: await problemWith(tenantFile(text)) }).toMatchObject({
      text,
      problem: refused(object, '0002_more.sql'),
    })
    expect({ text, problem: await problemWith(tenantFile(text), [object]) }).toEqual({ text, problem: undefined })
  }
  for (const text of [
    `create function touch() returns int language sql as 'select 1'`,
    'create index plans_index on polls (title)',
    'create temp table plans ()',
    'create table tmp (); drop table tmp',
    `create type mood as enum ('calm')`,
    `comment on table polls is 'create table plans ()'`,
  ]) {
    expect({ text, problem: await problemWith(tenantFile(text)) }).toEqual({ text, problem: undefined })
  }
  expect(await problemWith(sharedFile('select 1;\ncreate table polls ()'))).toMatchObject({
    ...refused('polls', '0001_shared.sql', 2),
    message: expect.stringContaining('and the schema "t001" has that name, too'),
  })
  const both = { ...sharedFile('create table twins ()'), ...tenantFile('create table twins ()') }
  expect(await problemWith(both)).toMatchObject(refused('twins', '0001_shared.sql'))
  const report = await fleet.migrations.run()
  expect(report.entries.map(({ state }) => state)).toEqual(['failed', 'skipped'])
  expect(await having(fleet, 'twins')).toEqual([])
  const apart = registryForTest(fleet.url, { root: fleet.root, includeShared: false })
  expect((await apart.migrations.status()).map(({ problem }) => problem)).toEqual([undefined, undefined])
})

test('tenants.create refuses a tenant that has a name of the shared schema, also when code creates it', async () => {
  const fleet = await fleetOf(0, tenantFile('create table notes (id serial)'))
  await fleet.rows('create table public.notes (id serial)')
  const refusedNotes = { code: 'INVALID_MIGRATION', details: { schema: 'late', object: 'notes' } }
  await expect(fleet.create({ schema: 'late' })).rejects.toMatchObject(refusedNotes)
  await listing(fleet, ['notes']).create({ schema: 'listed' })
  const code = `export const up = ({ client }) => client.query('create table ' + 'notes ()')`
  const root = await folderForTest({ 'migrations/tenant/0001_notes.ts': code })
  await expect(
    registryForTest(fleet.url, { root, migrations: { tenant: { default: false, code: 'migrations/tenant' } } }).create({
      schema: 'late',
      kind: 'code',
    }),
  ).rejects.toMatchObject(refusedNotes)
  expect(await having(fleet, 'notes')).toEqual(['listed', 'public'])
})

test('check and status report names in both scopes, and tenants that fall through to the shared schema', async () => {
  const fleet = await fleetOf(3, tenantFile('create table notes (id serial)'))
  expect(await fleet.migrations.check()).toBe(true)
  await fleet.rows('create table public.notes (id serial)')
  expect(await scopesOf(fleet)).toEqual(['t001', 't002', 't003'].map((schema) => [schema, ['notes'], undefined]))
  expect(await fleet.migrations.check()).toBe(false)
  const listed = listing(fleet, ['notes'])
  expect(await listed.migrations.check()).toBe(true)
  await fleet.rows('drop table t002.notes')
  expect(await scopesOf(listed)).toEqual([
    ['t001', undefined, undefined],
    ['t002', undefined, ['notes']],
    ['t003', undefined, undefined],
  ])
  expect(await listed.migrations.check()).toBe(false)
  await writeFiles(fleet.root, { 'migrations/tenant/0003_last.sql': 'select 1' })
  expect((await listed.migrations.run({ tenants: ['t001', 't003'] })).ok).toBe(true)
  // No other tenant is where this one is, and it is known what its migrations made.
  expect((await listed.migrations.status({ tenants: 't002' }))[0]).toMatchObject({ fallingThrough: ['notes'] })
})

function listing(fleet: Fleet, shadowed: string[]) {
  return registryForTest(fleet.url, { root: fleet.root, migrations: { shadowed } })
}

function refused(object: string, file: string, line = 1) {
  return {
    code: 'INVALID_MIGRATION',
    message: expect.stringMatching(new RegExp(`"${object}".*"public".*migrations\\.shadowed": \\['${object}'\\]`, 's')),
    details: { object, line, file: expect.stringContaining(file) },
  }
}

async function scopesOf({ migrations }: Pick<Fleet, 'migrations'>) {
  return (await migrations.status({ tenants: true })).map(({ target, shadowing, fallingThrough }) => [
    target,
    shadowing,
    fallingThrough,
  ])
}
