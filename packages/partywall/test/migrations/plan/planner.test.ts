import { describe, expect, test, vi } from 'vitest'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having, histories, titlesSql } from '../run/fleet.ts'

describe('planning a fleet', () => {
  test('queries once for all schemas, and reads no history that the digest identifies', async () => {
    const fleet = await fleetOf(5)
    // To look at the fleet as the application, and to change it as the deploy role.
    const sent = [fleet.database, fleet.database.deploy].map((on) => vi.spyOn(on, 'query'))
    const queries = async (): Promise<string[]> => {
      for (const query of sent) query.mockClear()
      expect((await fleet.migrations.run()).ok).toBe(true)
      return sent
        .flatMap(({ mock }) => mock.calls)
        .map(
          ([{ text }]) =>
            ['partywall.templates', 'partywall.tenants', 'partywall_migrations"', 'pg_namespace'].find((name) =>
              text.includes(name),
            ) ?? text,
        )
    }
    // To make the templates that kinds lack, and to migrate those that there are.
    const idle = ['partywall.tenants', 'partywall.templates', 'partywall.templates', 'pg_namespace']
    await queries()
    expect(await queries()).toEqual(idle)
    await fleet.rows('comment on table t003.partywall_migrations is null')
    expect((await queries()).filter((name) => name.includes('partywall_migrations'))).toHaveLength(1)
    expect(await queries()).toEqual(idle)
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
