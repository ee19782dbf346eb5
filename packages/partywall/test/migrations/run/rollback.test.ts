import { describe, expect, test } from 'vitest'
import { fleetOf, having, histories } from './fleet.ts'

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
