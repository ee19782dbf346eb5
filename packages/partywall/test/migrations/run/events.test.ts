/** The events of a run: one before and one after it, and one before and one after each schema. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createTenancy, type Tenancy, type TenancyEvents } from '../../../src/index.ts'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, type Fleet } from './fleet.ts'

test('a run emits its start and end, and those of each schema that has something to do', async () => {
  const { fleet, tenancy, emitted } = await listening(3)
  await fleet.rows(`insert into t002.polls (title) values ('twice'), ('twice')`)
  await writeFiles(fleet.root, {
    'migrations/tenant/0002_unique.sql': 'alter table polls add unique (title)',
    'migrations/shared/0001_plans.sql': 'create table plans ()',
  })
  const report = await tenancy.migrations.run({ concurrency: 1 })
  expect(emitted()).toEqual([
    ['migrations.started', { runId: report.runId, targets: 4, direction: 'up', fake: false }],
    ['migrations.schema.started', { target: 'shared', pending: ['0001_plans'] }],
    ['migrations.schema.ended', { entry: report.entries[0] }],
    ...[1, 2, 3].flatMap((index) => {
      const { target, tenantId } = report.entries[index]!
      return [
        ['migrations.schema.started', { target, tenantId, pending: ['0002_unique'] }],
        ['migrations.schema.ended', { entry: report.entries[index] }],
      ]
    }),
    ['migrations.ended', { report }],
  ])
  expect(report.entries.map(({ state }) => state)).toEqual(['done', 'done', 'failed', 'done'])

  await fleet.rows('delete from t002.polls')
  const resumed = await tenancy.migrations.run({ resume: true })
  expect(emitted()).toMatchObject([
    ['migrations.started', { runId: report.runId, targets: 1 }],
    ['migrations.schema.started', { target: 't002' }],
    ['migrations.schema.ended', { entry: { target: 't002', state: 'done' } }],
    ['migrations.ended', { report: resumed }],
  ])

  await tenancy.migrations.run()
  expect(emitted()).toMatchObject([
    ['migrations.started', { targets: 0 }],
    ['migrations.ended', { report: { ok: true } }],
  ])
})

test('a run emits only the end of a schema that was skipped', async () => {
  const { fleet, tenancy, emitted } = await listening(3)
  await writeFiles(fleet.root, { 'migrations/tenant/0002_bad.sql': 'select * from nowhere' })
  await tenancy.migrations.run({ concurrency: 1, onFailure: 'stop' })
  expect(emitted().map(([event, payload]) => [event, payload.entry?.state])).toEqual([
    ['migrations.started', undefined],
    ['migrations.schema.started', undefined],
    ['migrations.schema.ended', 'failed'],
    ['migrations.schema.ended', 'skipped'],
    ['migrations.schema.ended', 'skipped'],
    ['migrations.ended', undefined],
  ])
})

test('a run that breaks off emits its end with the error; a run that is refused emits nothing', async () => {
  const { fleet, tenancy, emitted } = await listening(1)
  await writeFiles(fleet.root, { 'migrations/tenant/0002_more.sql': 'create table more ()' })
  await fleet.rows('alter table partywall.migration_run_entries rename to gone')
  await expect(tenancy.migrations.run()).rejects.toMatchObject({ code: '42P01' })
  expect(emitted()).toMatchObject([
    ['migrations.started', { targets: 1 }],
    ['migrations.ended', { error: { code: '42P01' } }],
  ])
  await expect(tenancy.migrations.run({ to: '0009', tenants: true })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(emitted()).toEqual([])
})

test('a run publishes its events on the diagnostics channels, and goes on when a listener throws', async () => {
  const { fleet, tenancy } = await listening(2)
  await writeFiles(fleet.root, { 'migrations/tenant/0002_more.sql': 'create table more ()' })
  const channel = vi.fn<(message: unknown) => void>()
  subscribe('partywall:migrations.schema.ended', channel)
  onTestFinished(() => void unsubscribe('partywall:migrations.schema.ended', channel))
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  onTestFinished(() => warned.mockRestore())
  tenancy.on('migrations.schema.started', () => {
    throw new Error('mine')
  })
  expect((await tenancy.migrations.run()).ok).toBe(true)
  expect(channel).toHaveBeenCalledTimes(2)
  expect(warned).toHaveBeenCalledTimes(2)
})

type Emitted = [event: string, payload: any]

/** @returns with `emitted`, which gives the events since its last call */
async function listening(count: number): Promise<{ fleet: Fleet; tenancy: Tenancy; emitted: () => Emitted[] }> {
  const fleet = await fleetOf(count)
  const tenancy = createTenancy({ database: fleet.url, root: fleet.root })
  onTestFinished(() => tenancy.close())
  const collected: Emitted[] = []
  const events: (keyof TenancyEvents)[] = [
    'migrations.started',
    'migrations.schema.started',
    'migrations.schema.ended',
    'migrations.ended',
  ]
  for (const event of events) tenancy.on(event, (payload) => collected.push([event, payload]))
  return { fleet, tenancy, emitted: () => collected.splice(0) }
}
