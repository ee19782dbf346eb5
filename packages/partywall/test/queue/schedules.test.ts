/** Schedules of a fleet, on a real catalog: each occurrence once for each tenant, in its time zone; what was missed is told. */
import { Client } from 'pg'
import { beforeEach, expect, test } from 'vitest'
import { Schedules, type DueJob, type ScheduleReport } from '../../src/queue/shared/schedules.ts'
import { notesTenancy } from './notes-tenancy.ts'

const { tenancy, url } = await notesTenancy()
const zones: Record<string, string> = { berlin: 'Europe/Berlin', tokyo: 'Asia/Tokyo', york: 'America/New_York' }
const timeZone = ({ schema }: { schema: string }): string => zones[schema] ?? 'UTC'
for (const schema of [...Object.keys(zones), 'stopped']) await tenancy.tenants.create({ schema })
await tenancy.tenants.suspend('stopped')
// As if they had existed for years, so that the times of the tests may be fixed.
await tenancy.sharedPool.query(`update partywall.tenants set created_at = '2020-01-01'`)

const at = (text: string): Date => new Date(`2026-06-01T${text}Z`)
let reports: ScheduleReport[] = []
let jobs: DueJob[] = []
const schedulesWith = (options: object, name = 'digest'): Schedules => {
  const schedules = new Schedules(tenancy, (report) => void reports.push(report))
  schedules.add(name, { cron: '0 8 * * *', timeZone, ...options })
  return schedules
}
const enqueue = async (_schedule: string, job: DueJob): Promise<void> => void jobs.push(job)
const found = (): string[] =>
  jobs.map(({ tenant, at: when }) => `${tenant.schema} ${when.toISOString().slice(11, 16)}`).toSorted()

beforeEach(async () => {
  reports = []
  jobs = []
  await tenancy.sharedPool.query('delete from partywall.schedules')
})

test('each active tenant gets its job at eight in its own time zone, and once', async () => {
  const schedules = schedulesWith({ data: ({ schema }: { schema: string }) => ({ schema }) })
  for (const time of ['00:00', '05:59', '06:00', '06:00', '06:01', '11:59', '12:00', '23:00', '23:01'])
    await schedules.tick(enqueue, at(`${time}:00`))
  expect(found()).toEqual(['berlin 06:00', 'tokyo 23:00', 'york 12:00'])
  expect(jobs.find(({ tenant }) => tenant.schema === 'york')?.data).toEqual({ schema: 'york' })
  expect(new Set(jobs.map(({ id }) => id)).size).toBe(3)
})

test('many processes at once do each occurrence once', async () => {
  const all = Array.from({ length: 6 }, () => schedulesWith({ timeZone: 'UTC' }))
  await all[0]!.tick(enqueue, at('07:59:00'))
  await Promise.all(all.map((schedules) => schedules.tick(enqueue, at('08:00:00'))))
  expect(found()).toEqual(['berlin 08:00', 'tokyo 08:00', 'york 08:00'])
})

test('a minute whose process died is done by the next one, with the same ids', async () => {
  const schedules = schedulesWith({ timeZone: 'UTC' })
  await schedules.tick(enqueue, at('07:59:00'))
  const other = new Client(url)
  await other.connect()
  await other.query('begin')
  await other.query(`select from partywall.schedules where name = 'digest' for update`)
  expect(await schedules.tick(enqueue, at('08:00:00'))).toEqual([])
  expect(jobs).toEqual([])
  // The dead process's connection ends, and with it the lock.
  await other.end()
  await schedules.tick(enqueue, at('08:02:00'))
  const ids = jobs.map(({ id }) => id)
  expect(found()).toEqual(['berlin 08:00', 'tokyo 08:00', 'york 08:00'])
  jobs = []
  await tenancy.sharedPool.query(`update partywall.schedules set done_until = $1`, [at('07:59:00')])
  await schedules.tick(enqueue, at('08:03:00'))
  expect(jobs.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
})

test('what is too late is told and not done; of several that were skipped the last is done', async () => {
  const late = schedulesWith({ timeZone: 'UTC', graceMs: 60_000 })
  await late.tick(enqueue, at('07:00:00'))
  await late.tick(enqueue, at('09:00:00'))
  expect(jobs).toEqual([])
  expect(reports.at(-1)).toMatchObject({ schedule: 'digest', enqueued: 0 })
  expect(
    reports
      .at(-1)!
      .missed.map(({ schema, reason, count }) => `${schema} ${reason} ${count}`)
      .toSorted(),
  ).toEqual(['berlin late 1', 'tokyo late 1', 'york late 1'])
  const often = schedulesWith({ timeZone: 'UTC', cron: '*/10 * * * *' }, 'often')
  await often.tick(enqueue, at('07:00:00'))
  await often.tick(enqueue, at('07:35:00'))
  expect(found()).toEqual(['berlin 07:30', 'tokyo 07:30', 'york 07:30'])
  expect(reports.at(-1)!.missed.every(({ reason, count }) => reason === 'late' && count === 2)).toBe(true)
})

test('a tenant with a wrong time zone, or whose job could not be enqueued, is told, and the others get theirs', async () => {
  const schedules = schedulesWith({
    timeZone: (tenant: { schema: string }) => (tenant.schema === 'tokyo' ? 'Mars/Olympus' : 'UTC'),
  })
  await schedules.tick(enqueue, at('07:59:00'))
  await schedules.tick(async (name, job) => {
    if (job.tenant.schema === 'york') throw new Error('the queue is away')
    await enqueue(name, job)
  }, at('08:00:00'))
  expect(found()).toEqual(['berlin 08:00'])
  expect(reports[0]!.missed).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({
        schema: 'york',
        reason: 'failed',
        error: expect.objectContaining({ message: 'the queue is away' }),
      }),
      expect.objectContaining({ schema: 'tokyo', reason: 'failed' }),
    ]),
  )
})

test('a tenant that is younger than an occurrence did not miss it; jitter stays within its limit', async () => {
  const schedules = schedulesWith({ timeZone: 'UTC', jitterMs: 60_000 })
  await schedules.tick(enqueue, at('07:00:00'))
  await tenancy.tenants.create({ schema: 'young' })
  await schedules.tick(enqueue, at('08:00:00'))
  expect(found()).toEqual(['berlin 08:00', 'tokyo 08:00', 'york 08:00'])
  for (const { startAt, at: when } of jobs) {
    expect(startAt.getTime() - when.getTime()).toBeGreaterThanOrEqual(0)
    expect(startAt.getTime() - when.getTime()).toBeLessThanOrEqual(60_000)
  }
  await tenancy.tenants.delete('young', { confirm: 'young' })
})

test('without a listener, what was missed is a warning', async () => {
  const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve))
  const schedules = new Schedules(tenancy)
  schedules.add('digest', { cron: '0 8 * * *', graceMs: 0 })
  await schedules.tick(enqueue, at('07:00:00'))
  await schedules.tick(enqueue, at('09:00:00'))
  expect(await warned).toMatchObject({
    code: 'PARTYWALL_SCHEDULE_MISSED',
    message: expect.stringContaining('missed 3 of its tenants'),
  })
})
