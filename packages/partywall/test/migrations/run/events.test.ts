/** A run tells of itself: once before and after it, and once before and after each schema. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createTenancy, type Tenancy, type TenancyEvents } from '../../../src/index.ts'
import { writeFiles } from '../../support/tenants/registry.ts'
import { fleetOf, type Fleet } from './fleet.ts'

test('of a run, of each schema that has something to do, and of what it came to', async () => {
  const { fleet, tenancy, heard } = await listening(3)
  await fleet.rows(`insert into t002.polls (title) values ('twice'), ('twice')`)
  await writeFiles(fleet.root, {
    'migrations/tenant/0002_unique.sql': 'alter table polls add unique (title)',
    'migrations/shared/0001_plans.sql': 'create table plans ()',
  })
  const report = await tenancy.migrations.run({ concurrency: 1 })
  expect(heard()).toEqual([
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
  expect(heard()).toMatchObject([
    ['migrations.started', { runId: report.runId, targets: 1 }],
    ['migrations.schema.started', { target: 't002' }],
    ['migrations.schema.ended', { entry: { target: 't002', state: 'done' } }],
    ['migrations.ended', { report: resumed }],
  ])

  await tenancy.migrations.run()
  expect(heard()).toMatchObject([
    ['migrations.started', { targets: 0 }],
    ['migrations.ended', { report: { ok: true } }],
  ])
})

test('of those that are never begun only the end', async () => {
  const { fleet, tenancy, heard } = await listening(3)
  await writeFiles(fleet.root, { 'migrations/tenant/0002_bad.sql': 'select * from nowhere' })
  await tenancy.migrations.run({ concurrency: 1, onFailure: 'stop' })
  expect(heard().map(([event, payload]) => [event, payload.entry?.state])).toEqual([
    ['migrations.started', undefined],
    ['migrations.schema.started', undefined],
    ['migrations.schema.ended', 'failed'],
    ['migrations.schema.ended', 'skipped'],
    ['migrations.schema.ended', 'skipped'],
    ['migrations.ended', undefined],
  ])
})

test('of a run that breaks off, too; of one that is refused before it began, nothing', async () => {
  const { fleet, tenancy, heard } = await listening(1)
  await writeFiles(fleet.root, { 'migrations/tenant/0002_more.sql': 'create table more ()' })
  await fleet.rows('alter table partywall.migration_run_entries rename to gone')
  await expect(tenancy.migrations.run()).rejects.toMatchObject({ code: '42P01' })
  expect(heard()).toMatchObject([
    ['migrations.started', { targets: 1 }],
    ['migrations.ended', { error: { code: '42P01' } }],
  ])
  await expect(tenancy.migrations.run({ to: '0009', tenants: true })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(heard()).toEqual([])
})

test('to the diagnostics channel as well, and a listener that throws hinders nobody', async () => {
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

type Heard = [event: string, payload: any]

/** @returns with `heard`, which gives what was told since it was asked the last time */
async function listening(count: number): Promise<{ fleet: Fleet; tenancy: Tenancy; heard: () => Heard[] }> {
  const fleet = await fleetOf(count)
  const tenancy = createTenancy({ database: fleet.url, root: fleet.root })
  onTestFinished(() => tenancy.close())
  const told: Heard[] = []
  const events: (keyof TenancyEvents)[] = [
    'migrations.started',
    'migrations.schema.started',
    'migrations.schema.ended',
    'migrations.ended',
  ]
  for (const event of events) tenancy.on(event, (payload) => told.push([event, payload]))
  return { fleet, tenancy, heard: () => told.splice(0) }
}
