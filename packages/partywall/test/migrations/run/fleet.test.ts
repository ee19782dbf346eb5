import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { registryForTest, writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having, histories, type Fleet } from './fleet.ts'

const titlesSql = 'alter table polls add column subtitle text default $$none$$; create index polls_subtitle on polls (subtitle)'

describe('planning a fleet', () => {
  test('queries once for all schemas, and reads no history that the digest identifies', async () => {
    const fleet = await fleetOf(5)
    const query = vi.spyOn(fleet.database, 'query')
    const queries = async (): Promise<string[]> => {
      query.mockClear()
      expect((await fleet.migrations.run()).ok).toBe(true)
      return query.mock.calls.map(([{ text }]) => /partywall\.tenants|pg_namespace|partywall_migrations"/.exec(text)?.[0] ?? text)
    }
    await queries()
    expect(await queries()).toEqual(['partywall.tenants', 'pg_namespace'])
    await fleet.rows('comment on table t003.partywall_migrations is null')
    expect((await queries()).filter((name) => name.includes('partywall_migrations'))).toHaveLength(1)
    expect(await queries()).toEqual(['partywall.tenants', 'pg_namespace'])
  })

  test('finds the digest after a rename of the schema', async () => {
    const fleet = await fleetOf(2)
    const [one, two] = await fleet.rows(
      `select obj_description('t001.partywall_migrations'::regclass) as digest union all select obj_description('t002.partywall_migrations'::regclass)`,
    )
    expect(one).toEqual(two)
    expect(one.digest).toMatch(/^partywall 1: 1 applied [0-9a-f]{64}$/)
    await fleet.rows(`alter schema t001 rename to renamed; update partywall.tenants set schema = 'renamed' where schema = 't001'`)
    expect(await fleet.migrations.check()).toBe(true)
  })

  test('reads the histories with verify, and reports where rows and digest disagree', async () => {
    const fleet = await fleetOf(3)
    await fleet.rows(`update t002.partywall_migrations set name = '0001_other'`)
    expect(await fleet.migrations.check()).toBe(true)
    const statuses = await fleet.migrations.status({ verify: true })
    expect(statuses.map(({ problem }) => (problem as { code?: string } | undefined)?.code)).toEqual([
      undefined,
      undefined,
      'HISTORY_DISAGREES',
      undefined,
    ])
    await writeFiles(fleet.root, { 'migrations/tenant/0002_titles.sql': titlesSql })
    const report = await fleet.migrations.run({ verify: true })
    expect(report.entries.map(({ state }) => state)).toEqual(['done', 'done', 'failed', 'done'])
    expect(await having(fleet, 'polls_subtitle')).toEqual(['t001', 't003'])
  })

  test('migrations.plan groups the schemas by what they need, with the SQL, and changes nothing', async () => {
    const fleet = await fleetOf(3)
    await writeFiles(fleet.root, { 'migrations/tenant/0002_titles.sql': titlesSql })
    await fleet.migrations.run({ tenants: 't001' })
    await writeFiles(fleet.root, { 'migrations/tenant/0003_more.ts': 'export const up = () => {}' })
    const names = (await fleet.migrations.plan()).map(({ targets, pending }) => [targets, pending.map(({ name }) => name)])
    expect(names).toEqual([
      [['t001'], ['0003_more']],
      [
        ['t002', 't003'],
        ['0002_titles', '0003_more'],
      ],
    ])
    expect((await fleet.migrations.plan({ tenants: 't002' }))[0]!.pending[0]).toMatchObject({ text: titlesSql })
    expect(await having(fleet, 'polls_subtitle')).toEqual(['t001'])
  })

  test('refuses a tenant whose history is missing, and the advice of the error works', async () => {
    const fleet = await fleetOf(3)
    await fleet.rows('drop table t002.partywall_migrations')
    await writeFiles(fleet.root, { 'migrations/tenant/0002_titles.sql': titlesSql })
    const report = await fleet.migrations.run()
    expect(report.entries.map(({ state }) => state)).toEqual(['done', 'done', 'failed', 'done'])
    expect(report.entries[2]!.error).toMatchObject({
      code: 'HISTORY_MISSING',
      message: expect.stringContaining('--fake --tenant t002'),
    })
    expect(await having(fleet, 'polls_subtitle')).toEqual(['t001', 't003'])
    await fleet.migrations.fake({ tenants: 't002', to: '0001' })
    expect((await fleet.migrations.run()).ok).toBe(true)
    expect(await histories(fleet)).toMatchObject({ t002: ['0001_polls', '0002_titles'] })
  })

  test('plans everything for an empty schema without a history', async () => {
    const fleet = await fleetOf(1)
    await fleet.rows('drop schema t001 cascade; create schema t001')
    expect((await fleet.migrations.run()).ok).toBe(true)
    expect(await histories(fleet)).toEqual({ t001: ['0001_polls'] })
  })

  test('refuses files that changed places, and names both', async () => {
    const fleet = await fleetOf(1, { 'migrations/tenant/0002_a.sql': 'create table a ()' })
    await fleet.rows(
      'update t001.partywall_migrations set position = 3 - position + 10; comment on table t001.partywall_migrations is null',
    )
    const [, entry] = (await fleet.migrations.run()).entries
    expect(entry!.error).toMatchObject({ code: 'MIGRATION_CHANGED', details: { problem: 'reordered', was: '0002_a' } })
  })
})

describe('a file that fails on the 37th tenant of 100', () => {
  test('fails only there, is reported with its line and statement, and resume finishes it', { timeout: 60_000 }, async () => {
    const fleet = await failing()
    const report = await fleet.migrations.run()
    expect(states(report)).toEqual({ done: 100, failed: 1, skipped: 0 })
    const entry = report.entries.find(({ target }) => target === 't037')!
    expect(entry.error).toMatchObject({
      code: 'MIGRATION_FAILED',
      details: {
        schema: 't037',
        name: '0002_unique',
        line: 2,
        statement: 'alter table polls add unique (title)',
        sqlState: '23505',
      },
    })
    expect((await having(fleet, 'extra')).length).toBe(99)
    expect(await fleet.rows('select state from partywall.migration_runs')).toEqual([{ state: 'failed' }])
    expect(
      await fleet.rows(`select target, error->>'sqlState' as code from partywall.migration_run_entries where state = 'failed'`),
    ).toEqual([{ target: 't037', code: '23505' }])
    await fleet.rows('delete from t037.polls')
    const resumed = await fleet.migrations.run({ resume: true })
    expect(resumed.entries).toMatchObject([{ target: 't037', state: 'done', applied: ['0002_unique'] }])
    expect(resumed.runId).toBe(report.runId)
    expect(await fleet.rows('select state from partywall.migration_runs')).toEqual([{ state: 'done' }])
    expect((await fleet.migrations.run({ resume: true })).entries).toEqual([])

    // The same tenants, with the other options.
    await fleet.rows(`insert into t037.polls (title) values ('bad')`)
    await writeFiles(fleet.root, { 'migrations/tenant/0003_good.sql': `alter table polls add check (title <> 'bad')` })
    const stopped = await fleet.migrations.run({ onFailure: 'stop', concurrency: 2 })
    expect(states(stopped).failed).toBe(1)
    expect(states(stopped).skipped).toBeGreaterThan(55)
    expect(stopped.entries.at(-1)).toMatchObject({ target: 't100', state: 'skipped', applied: [] })

    await fleet.rows(`insert into t099.polls (title) values ('bad')`)
    const limited = await fleet.migrations.run({ maxFailures: 2, concurrency: 1 })
    expect(states(limited)).toMatchObject({ failed: 2, skipped: 1 })
  })

  test('stops after the canaries when one of them fails', async () => {
    const fleet = await fleetOf(8)
    await fleet.rows(`insert into t002.polls (title) values ('twice'), ('twice')`)
    await writeFiles(fleet.root, { 'migrations/tenant/0002_unique.sql': 'alter table polls add unique (title)' })
    const report = await fleet.migrations.run({ canary: 3, concurrency: 1 })
    expect(report.entries.map(({ state }) => state).join(' ')).toBe(
      'done done failed skipped skipped skipped skipped skipped skipped',
    )
    await fleet.rows('delete from t002.polls')
    expect((await fleet.migrations.run({ canary: 3 })).ok).toBe(true)
  })
})

describe('a run that is disturbed', () => {
  test('tries a tenant with a long reader again, after the others', async () => {
    const fleet = await fleetOf(4)
    await writeFiles(fleet.root, { 'migrations/tenant/0002_titles.sql': titlesSql })
    await fleet.rows('begin; select * from t001.polls')
    const order: string[] = []
    const run = fleet.migrations.run({
      concurrency: 2,
      lockTimeoutMs: 50,
      onEntry: ({ target }) => {
        order.push(target)
        if (order.length === 3) void fleet.rows('commit')
      },
    })
    expect((await run).ok).toBe(true)
    expect(order.at(-1)).toBe('t001')
    expect(await having(fleet, 'polls_subtitle')).toEqual(['t001', 't002', 't003', 't004'])
  })

  test('fails a tenant whose reader does not end, and keeps nothing of its migrations', async () => {
    const fleet = await fleetOf(2)
    await writeFiles(fleet.root, { 'migrations/tenant/0002_titles.sql': titlesSql })
    await fleet.rows('begin; select * from t001.polls')
    const report = await fleet.migrations.run({ lockTimeoutMs: 20, retries: 2 })
    expect(report.entries.map(({ state }) => state)).toEqual(['done', 'failed', 'done'])
    expect(report.entries[1]!.error).toMatchObject({ code: 'MIGRATION_FAILED', details: { sqlState: '55P03', line: 1 } })
    await fleet.rows('commit')
    expect(await histories(fleet)).toEqual({ t001: ['0001_polls'], t002: ['0001_polls', '0002_titles'] })
  })

  test('skips what has not started by the deadline, and resume finishes it', async () => {
    const fleet = await fleetOf(4)
    await writeFiles(fleet.root, { 'migrations/tenant/0002_slow.sql': 'select pg_sleep(0.3); create table late ()' })
    const report = await fleet.migrations.run({ concurrency: 1, deadlineMs: 200 })
    expect(report.entries.map(({ state }) => state)).toEqual(['done', 'done', 'skipped', 'skipped', 'skipped'])
    expect((await fleet.migrations.run({ resume: true })).entries.map(({ target }) => target)).toEqual(['t002', 't003', 't004'])
    expect(await having(fleet, 'late')).toEqual(fleet.schemas)
  })

  test('ends a slow statement at statementTimeoutMs', async () => {
    const fleet = await fleetOf(1)
    await writeFiles(fleet.root, { 'migrations/tenant/0002_slow.sql': 'select pg_sleep(30)' })
    const [, entry] = (await fleet.migrations.run({ statementTimeoutMs: 100 })).entries
    expect(entry!.error).toMatchObject({ details: { sqlState: '57014', line: 1 } })
  })

  test('repeats a tenant whose backend was killed', async () => {
    const fleet = await fleetOf(3)
    await writeFiles(fleet.root, { 'migrations/tenant/0002_slow.sql': 'create table slow (); select pg_sleep(0.5)' })
    const run = fleet.migrations.run({ concurrency: 1 })
    const killer = async (): Promise<void> => {
      for (let killed = 0; killed === 0; await sleep(20)) {
        killed = (
          await fleet.rows(
            `select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
          )
        ).length
      }
    }
    await killer()
    expect((await run).ok).toBe(true)
    expect(await having(fleet, 'slow')).toEqual(fleet.schemas)
    expect(new Set(Object.values(await histories(fleet)).map(String))).toEqual(new Set(['0001_polls,0002_slow']))
  })

  test('copes with tenants that are deleted, renamed or suspended during the run', async () => {
    const fleet = await fleetOf(5)
    // Time for these changes, while the second tenant is migrated.
    const slow = `do $$ begin if current_schema() = 't002' then perform pg_sleep(0.5); end if; end $$;`
    await writeFiles(fleet.root, { 'migrations/tenant/0002_titles.sql': `${slow} ${titlesSql}` })
    let isDone = false
    const report = await fleet.migrations.run({
      concurrency: 1,
      onEntry: () => {
        if (isDone) return
        isDone = true
        void fleet.rows(`drop schema t003 cascade; delete from partywall.tenants where schema = 't003';
          alter schema t004 rename to moved; update partywall.tenants set schema = 'moved' where schema = 't004';
          update partywall.tenants set status = 'suspended' where schema = 't005'`)
      },
    })
    expect(report.ok).toBe(true)
    expect(report.entries.find(({ target }) => target === 't003')).toMatchObject({ state: 'done', applied: [], note: /deleted/ })
    expect(await having(fleet, 'polls_subtitle')).toEqual(['moved', 't001', 't002', 't005'])
  })

  test('migrates a tenant that an older deploy creates during the run', async () => {
    const fleet = await fleetOf(3)
    const older = registryForTest(fleet.url, { root: fleet.root })
    let created: Promise<unknown> | undefined
    await writeFiles(fleet.root, { 'migrations/tenant/0002_titles.sql': `select pg_sleep(0.5); ${titlesSql}` })
    const report = await fleet.migrations.run({
      concurrency: 1,
      onEntry: () => {
        created ??= (async () => {
          await rm(join(fleet.root, 'migrations/tenant/0002_titles.sql'))
          await older.create({ schema: 'created_later' })
        })()
      },
    })
    await created
    expect(report.ok).toBe(true)
    expect(report.entries.find(({ target }) => target === 'created_later')).toMatchObject({
      state: 'done',
      applied: ['0002_titles'],
    })
    expect(await having(fleet, 'polls_subtitle')).toContain('created_later')
  })

  test('migrates every tenant once when several deploys overlap', async () => {
    const fleet = await fleetOf(12)
    await writeFiles(fleet.root, { 'migrations/tenant/0002_once.sql': 'create table once (id int); select pg_sleep(0.02)' })
    const deploys = Array.from({ length: 3 }, () => registryForTest(fleet.url, { root: fleet.root }))
    const reports = await Promise.all(deploys.map(({ migrations }) => migrations.run({ concurrency: 3 })))
    expect(reports.map(({ ok }) => ok)).toEqual([true, true, true])
    const applied = reports.flatMap(({ entries }) => entries.flatMap((entry) => entry.applied.map(() => entry.target)))
    expect(applied.toSorted()).toEqual(fleet.schemas)
  })

  test('commits each tenant without waiting for the disk, and waits once at the end', async () => {
    const fleet = await fleetOf(2)
    await writeFiles(fleet.root, {
      'migrations/tenant/0002_seen.sql': `create table seen as select current_setting('synchronous_commit') as waits`,
    })
    await fleet.rows(
      `alter database "${(await fleet.rows('select current_database() as name'))[0].name}" set synchronous_commit to off`,
    )
    // The setting in the transaction that ends the run, recorded by a trigger.
    await fleet.rows(`
      create table ends as select 'before' as waits;
      create function note_end() returns trigger language plpgsql set search_path from current as
        $$ begin insert into ends values (current_setting('synchronous_commit')); return null; end $$;
      create trigger note_end after update of state on partywall.migration_runs for each row execute function note_end()`)
    await fleet.migrations.run({ tenants: ['t001', 't002'] })
    expect(await fleet.rows('select waits from t001.seen')).toEqual([{ waits: 'off' }])
    expect(await fleet.rows('select waits from ends')).toEqual([{ waits: 'before' }, { waits: 'on' }])
  })
})

describe('rolling back', () => {
  test('runs the down migrations, the last one applied first', async () => {
    const fleet = await fleetOf(3, {
      'migrations/tenant/0002_a.sql': 'create table a ();\n-- partywall: down\ndrop table a;',
      'migrations/tenant/0003_b.ts': `
        export const up = ({ client }) => client.query('create table b ()')
        export const down = ({ client }) => client.query('drop table b; select 1 from a')`,
    })
    expect((await fleet.migrations.run({ down: true, to: '0001', tenants: true })).entries.map(({ applied }) => applied)).toEqual(
      Array.from({ length: 3 }, () => ['0003_b', '0002_a']),
    )
    expect(await having(fleet, 'a')).toEqual([])
    expect(new Set(Object.values(await histories(fleet)).map(String))).toEqual(new Set(['0001_polls']))
    expect((await fleet.migrations.run()).ok).toBe(true)
    expect(await having(fleet, 'b')).toEqual(fleet.schemas)
  })

  test('is refused when a file has no down migration, before anything is changed', async () => {
    const fleet = await fleetOf(1, { 'migrations/tenant/0002_a.sql': 'create table a ();\n-- partywall: down\ndrop table a;' })
    const [entry] = (await fleet.migrations.run({ down: true, to: '0', tenants: true })).entries
    expect(entry!.error).toMatchObject({ code: 'INVALID_MIGRATION', details: { name: '0001_polls' } })
    expect(await having(fleet, 'a')).toEqual(['t001'])
    await expect(fleet.migrations.run({ down: true })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('a file outside of transactions', () => {
  const concurrentlySql = `-- partywall: no-transaction
create index concurrently polls_title on polls (title);
create unique index concurrently polls_title_once on polls (title);
`

  test('runs statement by statement, and an invalid index is dropped before the next try', async () => {
    const fleet = await fleetOf(3)
    await fleet.rows(`insert into t002.polls (title) values ('twice'), ('twice')`)
    await writeFiles(fleet.root, {
      'migrations/tenant/0002_index.sql': concurrentlySql,
      'migrations/tenant/0003_after.sql': 'create table after ()',
    })
    const report = await fleet.migrations.run()
    expect(report.entries.map(({ state }) => state)).toEqual(['done', 'done', 'failed', 'done'])
    expect(report.entries[2]!.error).toMatchObject({
      code: 'MIGRATION_FAILED',
      details: { name: '0002_index', line: 3, statement: expect.stringContaining('polls_title_once'), sqlState: '23505' },
    })
    expect(await fleet.rows('select name, statements from t002.partywall_migrations order by position')).toEqual([
      { name: '0001_polls', statements: null },
      { name: '0002_index', statements: 1 },
    ])
    expect(await fleet.rows(`select indisvalid from pg_index where indexrelid = 't002.polls_title_once'::regclass`)).toEqual([
      { indisvalid: false },
    ])
    expect(await having(fleet, 'after')).toEqual(['t001', 't003'])

    await fleet.rows('delete from t002.polls')
    expect((await fleet.migrations.run({ resume: true })).entries).toMatchObject([
      { target: 't002', state: 'done', applied: ['0002_index', '0003_after'] },
    ])
    expect(await fleet.rows(`select indisvalid from pg_index where indexrelid = 't002.polls_title_once'::regclass`)).toEqual([
      { indisvalid: true },
    ])
    expect((await histories(fleet))['t002']).toEqual(['0001_polls', '0002_index', '0003_after'])
    expect(await fleet.migrations.check()).toBe(true)
  })

  test('runs inside of the transaction that creates a tenant', async () => {
    const fleet = await fleetOf(0, { 'migrations/tenant/0002_index.sql': concurrentlySql })
    await fleet.create({ schema: 'fresh' })
    expect(await having(fleet, 'polls_title_once')).toEqual(['fresh'])
    expect(await fleet.migrations.check()).toBe(true)
  })
})

async function failing(): Promise<Fleet> {
  const fleet = await fleetOf(100)
  await fleet.rows(`insert into t037.polls (title) values ('twice'), ('twice')`)
  await writeFiles(fleet.root, {
    'migrations/tenant/0002_unique.sql': 'create table extra ();\nalter table polls add unique (title)',
  })
  return fleet
}

function states({ entries }: { entries: readonly { state: string }[] }): Record<string, number> {
  const count = (state: string): number => entries.filter((entry) => entry.state === state).length
  return Object.fromEntries(['done', 'failed', 'skipped'].map((state) => [state, count(state)]))
}
