/** A process with older files than the deploy that migrated the schemas: a rollback of the application, or an old instance that restarts. */
import { rm, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assertFleetOk } from '../../../src/fleet/report.ts'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, titlesSql, type Fleet } from '../run/fleet.ts'

test('a schema that is ahead of the files is in order for status, check and run, and not for a rollback or a new tenant', async () => {
  const fleet = await fleetOf(2, { 'migrations/tenant/0002_titles.sql': titlesSql, 'migrations/shared/0001_plans.sql': plans })
  const { migrations, create } = fleet
  await migrations.run()
  await withoutFile(fleet, 'tenant/0002_titles.sql')
  await withoutFile(fleet, 'shared/0001_plans.sql')
  expect(await migrations.check()).toBe(true)
  expect(await migrations.plan()).toEqual([])
  const statuses = await migrations.status()
  expect(statuses).toMatchObject([
    { target: 'shared', head: '0001_plans', pending: [], ahead: ['0001_plans'] },
    { target: 't001', head: '0002_titles', applied: 2, pending: [], ahead: ['0002_titles'] },
    { target: 't002', ahead: ['0002_titles'] },
  ])
  expect(statuses.every(({ problem }) => problem === undefined)).toBe(true)
  const report = await migrations.run()
  assertFleetOk(report)
  const note = 'is ahead of these files: its history also has 0002_titles'
  expect(report.entries[1]).toMatchObject({ state: 'done', applied: [], note, ahead: ['0002_titles'] })
  const down = await migrations.run({ down: true, to: '0', tenants: true })
  expect(down.entries.map(({ error }) => error)).toMatchObject(
    ['t001', 't002'].map((schema) => ({ code: 'MIGRATION_CHANGED', details: { schema, problem: 'gone' } })),
  )
  await expect(create({ schema: 'late' })).rejects.toMatchObject({
    code: 'MIGRATION_CHANGED',
    message: expect.stringMatching(
      /"late" was not created: .* also has 0002_titles.*older files.*wrong folder: .*migrations\/tenant/,
    ),
    details: { problem: 'gone', unknown: ['0002_titles'] },
  })
  expect(await fleet.rows(`select to_regnamespace('late') as found`)).toEqual([{ found: null }])
})

test('a schema that is ahead while a file is pending has diverged, and is refused with both lists', async () => {
  const fleet = await fleetOf(1, { 'migrations/tenant/0002_titles.sql': titlesSql })
  await rename(file(fleet, 'tenant/0002_titles.sql'), file(fleet, 'tenant/0003_other.sql'))
  const diverged = {
    code: 'MIGRATION_CHANGED',
    details: { problem: 'diverged', pending: ['0003_other'], unknown: ['0002_titles'] },
  }
  expect((await fleet.migrations.run({ tenants: true })).entries).toMatchObject([{ state: 'failed', error: diverged }])
  expect(await fleet.migrations.check()).toBe(false)
  await expect(fleet.create({ schema: 'late' })).rejects.toMatchObject(diverged)
})

test('a new tenant is compared with active tenants of its kind alone, and reads no history that the files can produce', async () => {
  const fleet = await fleetOf(2)
  await fleet.rows(`update t001.partywall_migrations set name = '0001_other'; comment on table t001.partywall_migrations is null`)
  await expect(fleet.create({ schema: 'late' })).rejects.toMatchObject({ message: expect.stringContaining('the tenant "t001"') })
  await fleet.rows(`update partywall.tenants set status = 'suspended' where schema = 't001'`)
  await fleet.create({ schema: 'late' })
  await fleet.rows(`update partywall.tenants set status = 'active', kind = 'big' where schema = 't001'`)
  await fleet.create({ schema: 'later' })
})

test('a folder that does not exist is refused in every call, and tells the path, the root and what to do', async () => {
  const fleet = await fleetOf(1)
  await rename(file(fleet, 'tenant'), file(fleet, 'tenants'))
  const refused = {
    code: 'INVALID_MIGRATION',
    message: expect.stringContaining(
      `${file(fleet, 'tenant')} does not exist. Relative folders start at the option "root", which is ${fleet.root}`,
    ),
  }
  const { migrations } = fleet
  for (const call of [
    () => migrations.run(),
    () => migrations.status(),
    () => migrations.check(),
    () => fleet.create({ schema: 'x' }),
  ]) {
    await expect(call()).rejects.toMatchObject(refused)
  }
  await writeFiles(fleet.root, { 'migrations/tenant/.gitkeep': '' })
  await expect(fleet.create({ schema: 'x' })).rejects.toMatchObject({ message: expect.stringContaining('also has 0001_polls') })
})

const plans = 'create table plans ()'

function file({ root }: Fleet, path: string): string {
  return join(root, 'migrations', path)
}

async function withoutFile(fleet: Fleet, path: string): Promise<void> {
  await rm(file(fleet, path))
}
