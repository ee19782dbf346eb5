import { describe, expect, test } from 'vitest'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having, type Fleet } from './fleet.ts'

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
