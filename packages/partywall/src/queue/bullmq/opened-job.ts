/** A job of BullMQ as its user sees it: `data` is what was added, without the stamp, and what replaces it is stamped again. */
import type { Job } from 'bullmq'
import type { ScopeLike } from '../../ports/tenancy-like.ts'
import type { Jobs } from '../shared/jobs.ts'
import { isStamped } from '../shared/stamp.ts'
import { stampedFor } from './job-ids.ts'

/** What lies in Redis, for each job that was opened. */
const stampedOf = new WeakMap<Job, unknown>()

/** Takes the stamp off. Says nothing about whether it is genuine. @returns what lies in Redis */
export function openJob(job: Job): unknown {
  if (stampedOf.has(job)) return stampedOf.get(job)
  const stamped: unknown = job.data
  stampedOf.set(job, stamped)
  if (isStamped(stamped)) job.data = stamped.data
  return stamped
}

/** From now on `updateData` stamps for this scope. */
export function stampUpdates(job: Job, queue: string, jobs: Jobs, scope: ScopeLike): void {
  const updateData = job.updateData
  job.updateData = async (data: unknown): Promise<void> => {
    const stamped = jobs.stampFor(scope, stampedFor(queue, job), data)
    const updating = Reflect.apply(updateData, job, [stamped]) as Promise<void>
    stampedOf.set(job, stamped)
    job.data = data
    await updating
  }
}
