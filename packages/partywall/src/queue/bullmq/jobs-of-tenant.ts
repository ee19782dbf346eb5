/** The jobs of one tenant in a queue. The id of a job begins with the tenant's, so only ids are read, a page at a time; no index can be wrong. */
import type { Job, JobType } from 'bullmq'
import { TenancyError } from '../../errors.ts'
import { inParallel } from '../../fleet/workers.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { seen } from '../../seen.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import { isIdOf } from './job-ids.ts'
import type { AnyQueue } from './turns.ts'

/** `waiting`: it may run now. `waiting-children`: it waits for jobs below it. */
export type TenantJobState = 'waiting' | 'active' | 'delayed' | 'failed' | 'completed' | 'waiting-children'

export interface FindJobsOptions {
  /** Which jobs are listed; all are counted. @default every state */
  readonly states?: readonly TenantJobState[]
  /** The most jobs that are listed, 0 to 10,000. @default 100 */
  readonly limit?: number
}

export interface TenantJobs<Data = any, Result = any, Name extends string = string> {
  readonly counts: Readonly<Record<TenantJobState, number>>
  /** As they lie in Redis: no stamp was checked. */
  readonly jobs: readonly Job<Data, Result, Name>[]
}

export interface RemovedJobs {
  readonly removed: number
  /** Jobs that a worker runs. They end as they do, or are refused when they are tried again. */
  readonly active: number
}

const typesOf = {
  waiting: ['wait', 'prioritized'],
  active: ['active'],
  delayed: ['delayed'],
  failed: ['failed'],
  completed: ['completed'],
  'waiting-children': ['waiting-children'],
} as const satisfies Record<TenantJobState, readonly JobType[]>

const states = Object.keys(typesOf) as TenantJobState[]

/** @throws TenancyError INVALID_ARGUMENT */
export async function findJobs(queue: AnyQueue, tenantId: string, options: FindJobsOptions): Promise<TenantJobs> {
  assertKnownKeys('jobsOf', options, ['states', 'limit'])
  const { states: listed = states, limit = 100 } = options
  assertWholeNumber('INVALID_ARGUMENT', '"limit" of jobsOf', 'limit', limit, { least: 0, most: 10_000 })
  if (!Array.isArray(listed) || listed.some((state) => !states.includes(state)))
    throw new TenancyError('INVALID_ARGUMENT', `"states" of jobsOf is a list of ${states.join(', ')}; it is ${seen(listed)}.`, {
      details: { what: 'jobsOf', option: 'states', seen: seen(listed) },
    })
  const counts = {} as Record<TenantJobState, number>
  const ids: string[] = []
  for (const state of states) {
    const found = await idsOf(queue, tenantId, state)
    counts[state] = found.length
    if (listed.includes(state)) ids.push(...found.slice(0, limit - ids.length))
  }
  const jobs = await Promise.all(ids.map((id) => queue.getJob(id) as Promise<Job | undefined>))
  return Object.freeze({ counts: Object.freeze(counts), jobs: Object.freeze(jobs.filter((job) => job !== undefined)) })
}

export async function removeJobs(queue: AnyQueue, tenantId: string): Promise<RemovedJobs> {
  for (const id of await schedulersOf(queue, tenantId)) await queue.removeJobScheduler(id)
  let removed = 0
  for (const state of states.filter((one) => one !== 'active')) {
    await inParallel(await idsOf(queue, tenantId, state), removedAtATime, async (id) => {
      // 0: a worker has taken it, or it is gone.
      const count = await queue.remove(id)
      removed += count
    })
  }
  return Object.freeze({ removed, active: (await idsOf(queue, tenantId, 'active')).length })
}

const removedAtATime = 50
const idsOfPage = 5000

/** Jobs move while the pages are read, so one may be on two of them. */
async function idsOf(queue: AnyQueue, tenantId: string, state: TenantJobState): Promise<string[]> {
  const found = new Set<string>()
  for (const type of typesOf[state]) {
    for (let start = 0; ; start += idsOfPage) {
      const page = await queue.getRanges([type], start, start + idsOfPage - 1, true)
      for (const id of page) if (isIdOf(tenantId, id)) found.add(id)
      if (page.length < idsOfPage) break
    }
  }
  return [...found]
}

async function schedulersOf(queue: AnyQueue, tenantId: string): Promise<string[]> {
  const found: string[] = []
  for (let start = 0; ; start += idsOfPage) {
    const page = await queue.getJobSchedulers(start, start + idsOfPage - 1, true)
    found.push(...page.map(({ key }) => key).filter((key) => isIdOf(tenantId, key)))
    if (page.length < idsOfPage) return found
  }
}
