import { describe, expect, test } from 'vitest'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having, histories } from '../run/fleet.ts'

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
