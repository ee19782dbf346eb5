import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { registryForTest, writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having, histories, titlesSql } from './fleet.ts'

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

  test('migrates a tenant that an older deploy creates at the start of the run', async () => {
    // The newest three tenants, with which the new one is compared, are the last ones of the run.
    const fleet = await fleetOf(6)
    const older = registryForTest(fleet.url, { root: fleet.root })
    let created: Promise<unknown> | undefined
    await writeFiles(fleet.root, { 'migrations/tenant/0002_titles.sql': `select pg_sleep(0.4); ${titlesSql}` })
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
