/** The audit of migrations: an entry before a run changes anything, and one with what became of it. */
import { expect, test } from 'vitest'
import { actingAs } from '../../../src/scope/acting.ts'
import { auditOf, lastEntry } from '../../support/tenants/audit.ts'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, having } from './fleet.ts'

const more = 'create table more (secret_column int);\n-- partywall: down\ndrop table more;'

test('a run, a redo, a reset, a rollback and a fake have one entry each before and after, with counts and names and no SQL', async () => {
  const { migrations, tenants, admin, root } = await fleetOf(2)
  const since = await lastEntry(admin)
  const [first] = await tenants.list()
  await writeFiles(root, { 'migrations/tenant/0002_more.sql': more, 'migrations/shared/0001_plans.sql': 'create table plans ()' })
  const runIds: (string | undefined)[] = []
  await actingAs('deploy:7', async () => {
    runIds.push((await migrations.run()).runId)
    await migrations.run()
    runIds.push((await migrations.redo({ tenants: 't001' })).runId)
    runIds.push((await migrations.reset({ tenants: ['t001', 't002'] })).runId)
    runIds.push((await migrations.run({ tenants: 't001', down: true, to: '0001' })).runId)
    runIds.push((await migrations.fake({ tenants: 't001' })).runId)
  })
  const entries = await auditOf(admin, since)
  const both = ['t001', 't002']
  const [one, none] = [
    { shared: false, tenants: 1, schemas: ['t001'] },
    { failed: 0, skipped: 0 },
  ]
  expect(entries.map(({ action, tenant_id, details }) => [action, tenant_id, details])).toEqual([
    ['migrations.started', null, { work: 'run', shared: true, tenants: 2, schemas: both }],
    ['migrations.run', null, { shared: 'done', done: 2, ...none, migrations: ['0001_plans', '0002_more'] }],
    ['migrations.started', first!.id, { work: 'redo', ...one }],
    ['migrations.redo', first!.id, { done: 1, ...none, migrations: ['0002_more'] }],
    ['migrations.started', null, { work: 'reset', shared: false, tenants: 2, schemas: both }],
    ['migrations.reset', null, { done: 2, ...none, migrations: ['0001_polls', '0002_more'] }],
    ['migrations.started', first!.id, { work: 'down', to: '0001_polls', ...one }],
    ['migrations.down', first!.id, { done: 1, ...none, migrations: ['0002_more'] }],
    ['migrations.started', first!.id, { work: 'fake', ...one }],
    ['migrations.fake', first!.id, { done: 1, ...none, migrations: ['0002_more'] }],
  ])
  expect(entries.map(({ object }) => object)).toEqual(runIds.flatMap((id) => [id, id]))
  expect(new Set(entries.map(({ actor }) => actor))).toEqual(new Set(['deploy:7']))
  expect(JSON.stringify(entries)).not.toContain('secret_column')
})

test('a run that fails counts what failed and what was skipped, and a resumed run has entries of its own', async () => {
  const { migrations, admin, root, rows } = await fleetOf(2)
  const since = await lastEntry(admin)
  await writeFiles(root, {
    'migrations/shared/0001_plans.sql': 'create table plans as select * from prices',
    'migrations/tenant/0002_more.sql': more,
  })
  await migrations.run()
  await rows('create table prices ()')
  await actingAs('user:2', () => migrations.run({ resume: true }))
  const entries = await auditOf(admin, since)
  expect(entries.map(({ action, details }) => [action, details])).toEqual([
    ['migrations.started', { work: 'run', shared: true, tenants: 2, schemas: ['t001', 't002'] }],
    ['migrations.run', { shared: 'failed', done: 0, failed: 0, skipped: 2, migrations: [] }],
    ['migrations.started', { work: 'run', shared: true, tenants: 2, resumed: true, schemas: ['t001', 't002'] }],
    ['migrations.run', { shared: 'done', done: 2, failed: 0, skipped: 0, migrations: ['0001_plans', '0002_more'] }],
  ])
  expect(entries.map(({ actor }) => actor === 'user:2')).toEqual([false, false, true, true])
  expect(new Set(entries.map(({ object }) => object)).size).toBe(1)
})

test('a run changes no schema when its entry cannot be written, and is not done while its end is not recorded', async () => {
  const fleet = await fleetOf(1)
  const { migrations, admin, root, rows } = fleet
  await writeFiles(root, { 'migrations/tenant/0002_more.sql': more })
  const refuse = (action: string): Promise<unknown> =>
    rows(`
      alter table partywall.audit drop constraint if exists refused;
      alter table partywall.audit add constraint refused check (action <> '${action}') not valid`)
  await refuse('migrations.started')
  await expect(migrations.run()).rejects.toMatchObject({ code: '23514' })
  expect(await having(fleet, 'more')).toEqual([])
  expect(await rows('select * from partywall.migration_runs')).toEqual([])
  await refuse('migrations.run')
  await expect(migrations.run()).rejects.toMatchObject({ code: '23514' })
  expect(await having(fleet, 'more')).toEqual(['t001'])
  expect(await rows('select state from partywall.migration_runs')).toEqual([{ state: 'running' }])
  expect((await auditOf(admin)).map(({ action }) => action)).toEqual(['tenant.created', 'migrations.started'])
})
