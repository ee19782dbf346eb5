/** What a tenant has in a queue, and schedules for every tenant. */
import type { Job } from 'bullmq'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ScheduleReport } from '../../../src/queue/bullmq/bullmq.ts'
import { hasRedis, withoutRedis } from '../../support/servers/redis.ts'
import { startParts, until, type Parts } from './parts.ts'

describe.skipIf(!hasRedis())(`BullMQ: the jobs of a tenant (${withoutRedis} if skipped)`, () => {
  let parts: Parts
  beforeAll(async () => {
    parts = await startParts('acme', 'globex')
  })

  test('are counted and listed by state, and removed, also those of a tenant that was deleted', async () => {
    const { tenancy } = parts
    const { plain, mine } = parts.queues()
    const gone = await tenancy.tenants.create({ schema: 'gone' })
    await tenancy.run('gone', async () => {
      await mine.addBulk(['fail', 'hang'].map((name) => ({ name, data: {} })))
    })
    let end: (() => void) | undefined
    const worker = parts.work(plain, (job) =>
      job.name === 'fail' ? Promise.reject(new Error('no')) : new Promise<void>((resolve) => (end = resolve)),
    )
    await until(async () => (await plain.getFailedCount()) === 1 && (await plain.getActiveCount()) === 1)
    for (const schema of ['gone', 'globex']) {
      await tenancy.run(schema, async () => {
        await mine.addBulk(Array.from({ length: 3 }, (_, number) => ({ name: 'wait', data: { of: schema, number } })))
        await mine.add('later', { of: schema }, { delay: 60_000 })
        await mine.upsertJobScheduler(
          'hourly',
          { every: 3_600_000, startDate: Date.now() + 3_600_000 },
          { name: 'hourly', data: {} },
        )
      })
    }
    const { counts, jobs } = await mine.jobsOf('gone', { states: ['waiting', 'failed'], limit: 3 })
    expect(counts).toEqual({ waiting: 3, active: 1, delayed: 2, failed: 1, completed: 0, 'waiting-children': 0 })
    expect(jobs.map(({ name, data }) => [name, data.number])).toEqual([
      ['wait', 0],
      ['wait', 1],
      ['wait', 2],
    ])
    await tenancy.tenants.delete('gone', { confirm: 'gone' })
    await expect(mine.jobsOf('gone')).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
    expect((await mine.jobsOf(gone.id)).counts).toEqual(counts)
    expect(await mine.removeJobsOf(gone)).toEqual({ removed: 5, active: 1 })
    expect(await plain.getJobSchedulersCount()).toBe(1)
    const closed = worker.close()
    end!()
    await closed
    expect(await mine.removeJobsOf({ id: gone.id })).toEqual({ removed: 1, active: 0 })
    expect((await mine.jobsOf('globex')).counts).toMatchObject({ waiting: 3, delayed: 2 })
  })

  test('of a schedule come to every active tenant, each in its own time zone, once, and what is late is reported', async () => {
    const { tenancy } = parts
    const reports: ScheduleReport[] = []
    const { plain, mine } = parts.queues({ onSchedule: (report) => reports.push(report) })
    await tenancy.tenants.create({ schema: 'stopped' })
    await tenancy.tenants.suspend('stopped')
    const stored = `${plain.qualifiedName}:digest`
    const comeSoFar = (minutes: number) =>
      tenancy.sharedPool.query(
        `insert into partywall.schedules (name, done_until) values ($1, now() - make_interval(mins => $2))
         on conflict (name) do update set done_until = excluded.done_until`,
        [stored, minutes],
      )
    // As if the tenants were older than the schedule.
    await tenancy.sharedPool.query(`update partywall.tenants set created_at = created_at - interval '1 day'`)
    await comeSoFar(1)
    const schedule = {
      cron: '* * * * *',
      timeZone: 'Asia/Kathmandu',
      data: ({ schema }: { schema: string }) => ({ of: schema }),
      graceMs: 90_000,
    }
    await mine.schedule('digest', schedule)
    const seen: string[] = []
    const worker = parts.work(plain, async (job: Job) =>
      seen.push(`${job.name} ${job.data.of} in ${tenancy.tryCurrent()?.schema}`),
    )
    const tick = async (): Promise<void> => {
      const before = await plain.getCompletedCount()
      const [job] = await plain.getDelayed()
      await job!.promote()
      await until(async () => (await plain.getCompletedCount()) > before)
    }
    await tick()
    await until(() => seen.length === 2)
    expect(seen.toSorted()).toEqual(['digest acme in acme', 'digest globex in globex'])
    expect(reports).toEqual([{ schedule: stored, enqueued: 2, missed: [] }])
    // A process that died after it enqueued: the next tick asks for the same jobs.
    await comeSoFar(1)
    await tick()
    await comeSoFar(10)
    await tick()
    await until(() => reports.length === 3)
    await worker.close()
    expect(new Set(reports[2]!.missed.map(({ schema, reason }) => `${schema} ${reason}`))).toEqual(
      new Set(['acme late', 'globex late']),
    )
    // At most one more minute has begun.
    expect(seen.length).toBeLessThanOrEqual(4)
  })
})
