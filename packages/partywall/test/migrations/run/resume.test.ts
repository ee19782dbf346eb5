/** `resume` after a run whose shared schema failed. */
import { expect, test } from 'vitest'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having } from './fleet.ts'

test('resume migrates the tenants that were skipped because the shared schema failed', async () => {
  const fleet = await fleetOf(2)
  await writeFiles(fleet.root, {
    'migrations/shared/0001_plans.sql': 'create table plans as select * from prices',
    'migrations/tenant/0002_more.sql': 'create table more ()',
  })
  const report = await fleet.migrations.run()
  expect(report.entries.map(({ state }) => state)).toEqual(['failed', 'skipped', 'skipped'])
  await fleet.rows('create table prices ()')
  const resumed = await fleet.migrations.run({ resume: true })
  expect(resumed.entries.map(({ target, state }) => `${target} ${state}`)).toEqual(['shared done', 't001 done', 't002 done'])
  expect(await having(fleet, 'more')).toEqual(['t001', 't002'])
})
