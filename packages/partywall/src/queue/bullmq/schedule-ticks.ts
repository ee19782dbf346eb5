/** Schedules of a queue. A job of the shared side comes each minute, by a job scheduler of BullMQ; the worker that takes it enqueues what is due. */
import type { Job } from 'bullmq'
import type { Jobs } from '../shared/jobs.ts'
import { Schedules, type DueJob, type ScheduleListener, type TenantSchedule } from '../shared/schedules.ts'
import type { BullTenancy } from './bull-tenancy.ts'
import { idInScope, stampedFor } from './job-ids.ts'
import type { AnyQueue } from './turns.ts'

interface Host {
  readonly tenancy: BullTenancy
  readonly queue: AnyQueue
  readonly jobs: Jobs
  readonly onSchedule: ScheduleListener | undefined
}

interface Ticking {
  readonly schedules: Schedules
  readonly enqueue: Map<string, (job: DueJob) => Promise<void>>
}

/** What this process has schedules for, by the qualified name of the queue. */
const ticking = new WeakMap<BullTenancy, Map<string, Ticking>>()

const tickName = 'partywall-schedules'
const repeatJobKey = idInScope('shared', 'schedule', 'id', tickName)

export async function enqueueBy(
  { tenancy, queue, jobs, onSchedule }: Host,
  { name, schedule }: { readonly name: string; readonly schedule: TenantSchedule },
  enqueue: (job: DueJob) => Promise<void>,
): Promise<void> {
  const queues = ticking.get(tenancy) ?? new Map<string, Ticking>()
  ticking.set(tenancy, queues)
  const here = queues.get(queue.qualifiedName) ?? { schedules: new Schedules(tenancy, onSchedule), enqueue: new Map() }
  const stored = `${queue.qualifiedName}:${name}`
  here.schedules.add(stored, schedule)
  here.enqueue.set(stored, enqueue)
  queues.set(queue.qualifiedName, here)
  await queue.upsertJobScheduler(
    repeatJobKey,
    { pattern: '* * * * *' },
    {
      name: tickName,
      data: jobs.stampFor({ kind: 'shared' }, stampedFor(queue.name, { name: tickName, repeatJobKey }), {}),
      // Without a priority it comes before the jobs of every tenant.
      opts: { removeOnComplete: 10, removeOnFail: 100 },
    },
  )
}

export function isTick(job: Job): boolean {
  return job.name === tickName && job.repeatJobKey === repeatJobKey
}

/** A process that has no schedules leaves them to the next minute: how far each has come is in the catalog. */
export async function tick(tenancy: BullTenancy, queue: string): Promise<object> {
  const here = ticking.get(tenancy)?.get(queue)
  if (here === undefined) return { schedules: [] }
  const reports = await here.schedules.tick((name, job) => here.enqueue.get(name)!(job))
  return { schedules: reports.map(({ schedule, enqueued, missed }) => ({ schedule, enqueued, missed: missed.length })) }
}
