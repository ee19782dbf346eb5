/** A file outside of transactions that stopped in the middle: statements that are not done may be fixed; those that are done run once. */
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { checksumOf } from '../../../src/migrations/sources/files/migration-file.ts'
import { checksumOfDone } from '../../../src/migrations/history/unfinished.ts'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having, histories, type Fleet } from '../run/fleet.ts'

const marker = '-- partywall: no-transaction\n'
const done = `insert into polls (title) values ('once; only')`
const wrong = 'create index concurrently polls_title on polls (titel)'
const right = 'create index concurrently polls_title on polls (title)'
const refused = (words: string) => ({
  code: 'MIGRATION_CHANGED',
  message: expect.stringContaining(words),
  details: expect.objectContaining({ problem: 'unfinished', name: '0002_index', statements: 1 }),
})

describe('a file that stopped, and was fixed,', () => {
  test('continues after the statements that are done, in every schema, and is recorded as a whole', async () => {
    const fleet = await stopped()
    const fixed = `-- fixed\n${marker}${done} ;\n\n${right};\ncreate table more ();\n-- partywall: down\ndrop table more;`
    await write(fleet, fixed)
    expect(await fleet.migrations.check()).toBe(false)
    expect((await fleet.migrations.status()).map(({ problem }) => problem)).toEqual([undefined, undefined, undefined])
    expect((await fleet.migrations.run({ resume: true })).ok).toBe(true)
    expect(await having(fleet, 'polls_title')).toEqual(['t001', 't002'])
    expect(await having(fleet, 'more')).toEqual(['t001', 't002'])
    expect(await fleet.rows('select count(*)::int as n from t002.polls')).toEqual([{ n: 1 }])
    expect(await rowOf(fleet)).toEqual({ checksum: checksumOf(fixed), statements: null })
    expect((await fleet.migrations.status({ verify: true })).every(({ problem }) => problem === undefined)).toBe(true)
    expect(await fleet.migrations.check()).toBe(true)
  })

  test('has the settings again that the statements before have made', async () => {
    const fleet = await stopped(`set session_replication_role = replica`)
    await write(
      fleet,
      `${marker}set session_replication_role = replica;\ncreate table shown as select current_setting('session_replication_role') as role;`,
    )
    expect((await fleet.migrations.run()).ok).toBe(true)
    expect(await fleet.rows('select role from t002.shown')).toEqual([{ role: 'replica' }])
  })

  test('may hold no more than the statements that are done, and may stop a second time', async () => {
    const fleet = await stopped()
    await write(fleet, `${marker}${done};\ncreate table more ();\n${wrong};`)
    expect((await fleet.migrations.run()).ok).toBe(false)
    expect(await rowOf(fleet)).toMatchObject({ statements: 2 })
    await write(fleet, `${marker}${done};\ncreate table more ();`)
    expect((await fleet.migrations.run({ verify: true })).ok).toBe(true)
    expect(await having(fleet, 'more')).toEqual(['t001', 't002'])
  })

  test('continues with the rest in one part when the marker was removed', async () => {
    const fleet = await stopped()
    await write(fleet, `${done};\ncreate table more ();\ninsert into more default values;\n${right};\nselect 1`)
    expect((await fleet.migrations.run({ tenants: 't001' })).ok).toBe(true)
    expect(await fleet.rows('select count(*)::int as n from t001.polls, t001.more')).toEqual([{ n: 1 }])
    expect(await having(fleet, 'polls_title')).toEqual(['t001'])
  })

  test.each([
    ['in a statement that is done', `${marker}${done.replace('once', 'twice')};\n${right};`],
    ['in where a statement ends', `${marker}${done.replace(`; only`, '')}; ${right};`],
    ['by a statement before it', `${marker}create table first ();\n${done};\n${right};`],
    ['by removing every statement that is done', `${marker}${right};`],
  ])('is refused when it has changed %s', async (_, text) => {
    const fleet = await stopped()
    await write(fleet, text)
    for (const verify of [false, true]) {
      const { entries } = await fleet.migrations.run({ tenants: true, verify })
      expect(entries.map(({ error }) => error)).toMatchObject([refused('0002_index.sql stopped'), refused('Restore them')])
    }
    expect(await having(fleet, 'polls_title')).toEqual([])
    expect(await fleet.rows('select count(*)::int as n from t001.polls')).toEqual([{ n: 1 }])
  })
})

test('a file that stopped, and is gone, renamed or rewritten in TypeScript, is refused', async () => {
  const fleet = await stopped()
  const folder = join(fleet.root, 'migrations/tenant')
  const problem = async (): Promise<unknown> => (await fleet.migrations.status({ tenants: 't001' }))[0]!.problem
  await rename(join(folder, '0002_index.sql'), join(folder, '0002_other.sql'))
  expect(await problem()).toMatchObject(refused('file is gone'))
  await rm(join(folder, '0002_other.sql'))
  expect(await problem()).toMatchObject(refused('file is gone'))
  await writeFiles(folder, { '0002_index.ts': 'export const up = () => {}' })
  expect(await problem()).toMatchObject(refused('Restore them'))
})

test('a schema with a file that stopped is not rolled back, nor migrated without that file', async () => {
  const fleet = await stopped()
  const first = refused('must be finished before anything else')
  const down = await fleet.migrations.run({ down: true, to: '1', tenants: true })
  const short = await fleet.migrations.run({ to: '1', tenants: true })
  await writeFiles(fleet.root, { 'migrations/tenant/0002_before.sql': 'create table before ()' })
  const before = await fleet.migrations.run({ tenants: true })
  for (const { entries } of [down, short, before]) expect(entries.map(({ error }) => error)).toMatchObject([first, first])
  expect(await having(fleet, 'before')).toEqual([])
})

test('a file that another deploy continues meanwhile is not run a second time', async () => {
  const fleet = await stopped()
  // Time for the other deploy, while the first tenant is migrated: the second one is planned by then, and has not started.
  const slow = `do $$ begin if current_schema() = 't001' then perform pg_sleep(0.5); end if; create table more (); end $$`
  const text = `${done};\n${slow};\n${right};`
  await write(fleet, marker + text)
  const run = fleet.migrations.run({ tenants: true, concurrency: 1 })
  const sleeping = `select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
  while ((await fleet.rows(sleeping)).length === 0) await sleep(10)
  await fleet.rows(`create table t002.more ();
    update t002.partywall_migrations set statements = 2, checksum = '${checksumOfDone({ kind: 'sql', text, line: 1 }, 2)}' where statements = 1`)
  expect((await run).entries.map(({ error }) => error)).toEqual([undefined, undefined])
  expect(await having(fleet, 'polls_title')).toEqual(['t001', 't002'])
})

test('a file that was finished by hand can be recorded with fake', async () => {
  const fleet = await stopped()
  await fleet.rows('create index polls_title on t001.polls (title)')
  await writeFiles(fleet.root, { 'migrations/tenant/0003_after.sql': 'create table after ()' })
  expect((await fleet.migrations.fake({ tenants: 't001', to: '2' })).ok).toBe(true)
  expect(await rowOf(fleet)).toMatchObject({ statements: null })
  await write(fleet, `${marker}${done};\n${wrong};`)
  expect((await fleet.migrations.run({ tenants: 't001', verify: true })).ok).toBe(true)
  expect((await histories(fleet))['t001']).toEqual(['0001_polls', '0002_index', '0003_after'])
})

test('a history with the checksum of the whole file continues, if the file is unchanged', async () => {
  const fleet = await stopped()
  const file = `${marker}${done};\n${wrong};`
  await fleet.rows(`update t001.partywall_migrations set checksum = '${checksumOf(file)}' where statements = 1`)
  await write(fleet, `${file}\n-- changed`)
  const { entries } = await fleet.migrations.run({ tenants: 't001' })
  expect(entries[0]!.error).toMatchObject(refused('Restore them'))
  await write(fleet, file)
  await fleet.rows('alter table t001.polls rename title to titel')
  expect((await fleet.migrations.run({ tenants: 't001' })).ok).toBe(true)
  expect(await fleet.rows('select count(*)::int as n from t001.polls')).toEqual([{ n: 1 }])
  expect(await rowOf(fleet)).toEqual({ checksum: checksumOf(file), statements: null })
})

/** Two tenants in which the first statement is done and the second one is wrong. */
async function stopped(first = done): Promise<Fleet> {
  const fleet = await fleetOf(2)
  await write(fleet, `${marker}${first};\n${wrong};`)
  const { entries } = await fleet.migrations.run()
  expect(entries.slice(1).map(({ error }) => error)).toMatchObject([{ details: { line: 3 } }, { details: { line: 3 } }])
  return fleet
}

async function write({ root }: Fleet, text: string): Promise<void> {
  await writeFiles(root, { 'migrations/tenant/0002_index.sql': text })
}

async function rowOf({ rows }: Fleet): Promise<unknown> {
  return (await rows(`select checksum, statements from t001.partywall_migrations where name = '0002_index'`))[0]
}
