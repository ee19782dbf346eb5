/** The jobs of BullMQ for the console. */
import type { TenantRef } from 'partywall'
import { errorSentence } from './error-sentence.ts'
import type { ConsoleJobs, JobState, QueuedJob } from './source.ts'

/** What is needed of a Queue of BullMQ. */
export interface BullQueueLike {
  readonly name: string
  getJobCounts(...types: any[]): Promise<Record<string, number>>
}

/** What is needed of the result of `tenantQueue`. */
export interface BullJobsLike {
  readonly name: string
  jobsOf(
    tenant: TenantRef,
    options?: { readonly states?: any; readonly limit?: number },
  ): Promise<{ readonly jobs: readonly BullJob[] }>
}

interface BullJob {
  readonly id?: string | undefined
  readonly name: string
  readonly attemptsMade: number
  readonly opts: { readonly attempts?: number | undefined }
  readonly timestamp: number
  readonly delay?: number | undefined
  readonly failedReason?: string | undefined
  getState(): Promise<string>
  retry(): Promise<unknown>
  remove(): Promise<unknown>
}

const states: readonly JobState[] = ['failed', 'active', 'waiting', 'delayed', 'completed']
/** The most jobs of a tenant that are looked through for one of them. */
const mostRead = 10_000

/**
 * @param queues each Queue with the result of its `tenantQueue`
 * @example console(tenancy, { authorize, jobs: bullMqJobs([[queue, mails]]) })
 */
export function bullMqJobs(queues: readonly (readonly [queue: BullQueueLike, jobs: BullJobsLike])[]): ConsoleJobs {
  const find = async (
    tenant: TenantRef,
    queue: string,
    id: string,
    wanted: readonly JobState[],
  ): Promise<BullJob | undefined> => {
    const jobs = queues.find(([{ name }]) => name === queue)?.[1]
    if (jobs === undefined) return undefined
    const found = await jobs.jobsOf(tenant, { states: wanted, limit: mostRead })
    return found.jobs.find((job) => job.id === id)
  }
  return {
    name: 'BullMQ',
    queues: () =>
      Promise.all(
        queues.map(async ([queue]) => {
          const {
            wait = 0,
            prioritized = 0,
            paused = 0,
            delayed = 0,
            active = 0,
            failed = 0,
            completed = 0,
            ...rest
          } = await queue.getJobCounts(
            'wait',
            'prioritized',
            'paused',
            'delayed',
            'active',
            'failed',
            'completed',
            'waiting-children',
          )
          const waiting = wait + prioritized + paused + (rest['waiting-children'] ?? 0)
          return { queue: queue.name, counts: { waiting, delayed, active, failed, completed } }
        }),
      ),
    async jobsOf(tenant, { queue, state, limit }) {
      const found: QueuedJob[] = []
      for (const [{ name }, jobs] of queues) {
        if (queue !== undefined && queue !== name) continue
        for (const one of state === undefined ? states : [state]) {
          if (found.length === limit) return found
          const page = await jobs.jobsOf(tenant, { states: statesOf(one), limit: limit - found.length })
          found.push(...page.jobs.map((job) => jobOf(name, one, job)))
        }
      }
      return found
    },
    async retry(tenant, queue, id) {
      const job = await find(tenant, queue, id, ['failed'])
      if (job === undefined) return false
      await job.retry()
      return true
    },
    async remove(tenant, queue, id) {
      const job = await find(tenant, queue, id, ['failed', 'waiting', 'delayed', 'completed'])
      if (job === undefined || (await job.getState()) === 'active') return false
      await job.remove()
      return true
    },
  }
}

/** A job that waits for jobs below it waits, too. */
function statesOf(state: JobState): readonly string[] {
  return state === 'waiting' ? ['waiting', 'waiting-children'] : [state]
}

function jobOf(queue: string, state: JobState, job: BullJob): QueuedJob {
  const error = errorSentence(job.failedReason)
  return {
    id: job.id ?? '',
    queue,
    name: job.name,
    state,
    attempts: job.attemptsMade,
    maxAttempts: job.opts.attempts ?? 1,
    createdAt: new Date(job.timestamp),
    ...(job.delay !== undefined && job.delay > 0 && { runAt: new Date(job.timestamp + job.delay) }),
    ...(error !== undefined && { error }),
  }
}
