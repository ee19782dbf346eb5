/** Files that hold transactions of their own, statements outside of them, and settings. */
import { expect, test } from 'vitest'
import { fleetOf, having, histories, type Fleet } from '../run/fleet.ts'
import { writeFiles } from '../../support/tenants/registry.ts'

async function write(fleet: Fleet, files: readonly string[]): Promise<void> {
  const named = files.map((text, index) => [`migrations/tenant/${String(index + 2).padStart(4, '0')}_file.sql`, text])
  await writeFiles(fleet.root, Object.fromEntries(named))
}

/** What a run and the creation of a tenant report: nothing when all went well. */
async function runAndCreate(fleet: Fleet): Promise<void> {
  expect((await fleet.migrations.run()).entries.flatMap(({ error }) => error ?? [])).toEqual([])
  await fleet.create({ schema: 'fresh' })
  expect(await fleet.migrations.check()).toBe(true)
}

test('files with transactions of their own, and with statements outside of them, give the same in a run and in a new tenant', async () => {
  const fleet = await fleetOf(1)
  await write(fleet, [
    'BEGIN;\ncreate table a ();\nCOMMIT;\n',
    'begin transaction;\ncreate table b ();\nend;\n\nstart transaction;\ncreate table c ();\ncommit work',
    'create table d ();\ncommit;\nCREATE INDEX CONCURRENTLY "Polls_Title" ON "polls" ("title");\nvacuum polls;\ncreate table e ();',
    'set transaction isolation level serializable;\ncreate table f as select current_setting($$transaction_isolation$$) as level',
    `create type mood as enum ('calm'); alter type mood add value 'glad'; create table g (m mood default 'glad')`,
    'do $$ begin create table h (); end $$',
  ])
  await runAndCreate(fleet)
  for (const name of ['a', 'b', 'c', 'd', 'Polls_Title', 'e', 'f', 'g', 'h'])
    expect(await having(fleet, name)).toEqual(['fresh', 't001'])
  expect(await fleet.rows('select level from t001.f')).toEqual([{ level: 'serializable' }])
})

test('a file that stops between its parts goes on there, and a failed part leaves nothing', async () => {
  const fleet = await fleetOf(1)
  const file = 'begin;\ncreate table a ();\ncommit;\nvacuum polls;\ncreate table b ();\nselect 1 / (select count(*) from polls);'
  await write(fleet, [file])
  const [, entry] = (await fleet.migrations.run()).entries
  expect(entry!.error).toMatchObject({
    details: { line: 6, sqlState: '22012' },
    message: expect.stringContaining('are recorded'),
  })
  expect(await having(fleet, 'b')).toEqual([])
  expect(await fleet.rows('select name, statements from t001.partywall_migrations where statements > 0')).toEqual([
    { name: '0002_file', statements: 4 },
  ])
  await fleet.rows(`insert into t001.polls (title) values ('a')`)
  expect((await fleet.migrations.run()).ok).toBe(true)
  expect(await having(fleet, 'b')).toEqual(['t001'])
})

test('a block that commits runs outside of transactions, and is named as what it is where that is impossible', async () => {
  const fleet = await fleetOf(1)
  await write(fleet, ['create table a (i int)', 'do $$ begin insert into a values (1); commit; insert into a values (2); end $$'])
  expect((await fleet.migrations.run()).ok).toBe(true)
  expect(await fleet.rows('select i from t001.a order by i')).toEqual([{ i: 1 }, { i: 2 }])
  await expect(fleet.create({ schema: 'fresh' })).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    message: expect.stringContaining('ends its transaction'),
    details: { name: '0003_file', line: 1, statement: expect.stringMatching(/^do \$\$/), sqlState: '2D000' },
  })
})

test('a value of an enum is used by a later file of the same run, and what was committed before a failure stays', async () => {
  const fleet = await fleetOf(1)
  await write(fleet, [
    `create type mood as enum ('calm', 'angry')`,
    `alter type mood add value 'glad' before 'angry'`,
    `create table a (m mood default 'glad')`,
    'select nowhere',
  ])
  const [, entry] = (await fleet.migrations.run()).entries
  expect(entry!.error).toMatchObject({ details: { name: '0005_file' } })
  expect((await histories(fleet))['t001']).toEqual(['0001_polls', '0002_file', '0003_file'])
  // The text does not show the value: the first try fails, and each file gets a transaction of its own.
  await write(fleet, [
    `create type mood as enum ('calm', 'angry')`,
    `alter type mood add value 'glad' before 'angry'`,
    `create table a (m mood default 'glad')`,
    `alter type mood add value 'sad'`,
    `do $$ begin execute format('alter table a alter m set default %L', 's' || 'ad'); end $$`,
  ])
  await runAndCreate(fleet)
  expect(await fleet.rows(`select enum_range(null::t001.mood)::text as a, enum_range(null::fresh.mood)::text as b`)).toEqual([
    { a: '{calm,glad,angry,sad}', b: '{calm,glad,angry,sad}' },
  ])
})

test('what a file sets, in its text or by a function, does not reach the next file', async () => {
  const fleet = await fleetOf(1)
  await write(fleet, [
    seen('before'),
    `set work_mem = '7MB'; set session lock_timeout = 0; set time zone 'Asia/Tokyo'; ${seen('during')}`,
    seen('after'),
    `select set_config('work_mem', '8MB', true); set local timezone = 'Asia/Tokyo'; do $$ begin set local lock_timeout = 5; end $$`,
    `create function leads_away() returns void language plpgsql as $$ begin execute format('set local %s_path to public', chr(115) || 'earch');
       execute format('set local %sle to pg_monitor', chr(114) || 'o'); end $$;
     select leads_away();`,
    seen('last'),
    'reset work_mem; set client_min_messages = warning; set standard_conforming_strings to on; -- the end',
    `-- partywall: no-transaction\nset work_mem = '9MB';\nselect leads_away();\ncreate table outside as select current_setting('work_mem') as memory`,
    'create table final ();',
  ])
  await runAndCreate(fleet)
  for (const schema of ['t001', 'fresh']) {
    const [before] = await fleet.rows(`select * from ${schema}.before`)
    expect(before).toMatchObject({ path: expect.stringMatching(new RegExp(`^"?${schema}`)) })
    expect(await fleet.rows(`select * from ${schema}.during`)).toEqual([
      { ...before, memory: '7MB', lock: '0', zone: 'Asia/Tokyo' },
    ])
    expect(await fleet.rows(`select * from ${schema}.after`)).toEqual([before])
    expect(await fleet.rows(`select * from ${schema}.last`)).toEqual([before])
    expect(await fleet.rows(`select * from ${schema}.outside`)).toEqual([{ memory: '9MB' }])
  }
  expect(await having(fleet, 'final')).toEqual(['fresh', 't001'])
})

/** A file that stores the settings it runs with. */
function seen(table: string): string {
  return `create table ${table} as select current_setting('work_mem') as memory, current_setting('lock_timeout') as lock,
    current_setting('timezone') as zone, current_setting('search_path') as path, current_user::text as role`
}
