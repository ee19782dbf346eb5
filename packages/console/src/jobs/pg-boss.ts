/** The jobs of pg-boss for the console. */
import type { TenantRef } from 'partywall'
import { errorSentence } from './error-sentence.ts'
import type { ConsoleJobs, JobState, QueuedJob } from './source.ts'

/** What is needed of a PgBoss. */
export interface BossLike {
  getQueues(): Promise<
    readonly {
      readonly name: string
      readonly deferredCount: number
      readonly blockedCount: number
      readonly readyCount: number
      readonly activeCount: number
      readonly failedCount: number
      readonly totalCount: number
    }[]
  >
  retry(queue: string, id: string): Promise<unknown>
  deleteJob(queue: string, id: string): Promise<unknown>
}

/** What is needed of the result of `tenantPgBoss`. */
export interface BossJobsLike {
  jobsOf(
    tenant: TenantRef,
    queue: string,
    options?: { readonly limit?: number; readonly after?: string },
  ): Promise<readonly BossJob[]>
}

interface BossJob {
  readonly id: string
  readonly state: string
  readonly retryCount: number
  readonly retryLimit: number
  readonly createdOn: Date
  readonly startAfter: Date
  readonly output?: unknown
}

/** Queues of pg-boss itself and of the schedules of partywall hold no jobs of a tenant. */
const ownQueue = /^__pgboss__|^partywall-schedules$/
const pageSize = 1000
/** The most jobs of a tenant in one queue that are read for one page: reading them costs a query that reads the queue. */
const mostRead = 10_000

/**
 * @param boss the PgBoss that was started
 * @param jobs the result of `tenantPgBoss(tenancy, boss, …)`
 * @example console(tenancy, { authorize, jobs: pgBossJobs(boss, jobs) })
 */
export function pgBossJobs(boss: BossLike, jobs: BossJobsLike): ConsoleJobs {
  const queues = async () => (await boss.getQueues()).filter(({ name }) => !ownQueue.test(name))
  async function* each(tenant: TenantRef, queue: string): AsyncGenerator<BossJob> {
    for (let after: string | undefined, read = 0; read < mostRead; read += pageSize) {
      const page = await jobs.jobsOf(tenant, queue, { limit: pageSize, ...(after !== undefined && { after }) })
      yield* page
      if (page.length < pageSize) return
      after = page.at(-1)!.id
    }
  }
  const find = async (tenant: TenantRef, queue: string, id: string): Promise<BossJob | undefined> => {
    if (!(await queues()).some(({ name }) => name === queue)) return undefined
    for await (const job of each(tenant, queue)) if (job.id === id) return job
    return undefined
  }
  return {
    name: 'pg-boss',
    queues: async () =>
      (await queues()).map(({ name, readyCount, deferredCount, blockedCount, activeCount, failedCount, totalCount }) => ({
        queue: name,
        counts: {
          waiting: readyCount,
          delayed: deferredCount + blockedCount,
          active: activeCount,
          failed: failedCount,
          completed: Math.max(0, totalCount - readyCount - deferredCount - blockedCount - activeCount - failedCount),
        },
      })),
    async jobsOf(tenant, { queue: only, state, limit }) {
      const found: QueuedJob[] = []
      for (const { name } of await queues()) {
        if (only !== undefined && name !== only) continue
        for await (const job of each(tenant, name)) {
          const shown = jobOf(name, job)
          if (state !== undefined && shown.state !== state) continue
          found.push(shown)
          if (found.length === limit) return found
        }
      }
      return found
    },
    async retry(tenant, queue, id) {
      if ((await find(tenant, queue, id))?.state !== 'failed') return false
      await boss.retry(queue, id)
      return true
    },
    async remove(tenant, queue, id) {
      const job = await find(tenant, queue, id)
      if (job === undefined || job.state === 'active') return false
      await boss.deleteJob(queue, id)
      return true
    },
  }
}

function jobOf(queue: string, { id, state, retryCount, retryLimit, createdOn, startAfter, output }: BossJob): QueuedJob {
  const error = state === 'failed' || state === 'retry' ? errorSentence(output) : undefined
  return {
    id,
    queue,
    state: stateOf(state, startAfter),
    attempts: retryCount + (state === 'failed' || state === 'completed' ? 1 : 0),
    maxAttempts: retryLimit + 1,
    createdAt: createdOn,
    runAt: startAfter,
    ...(error !== undefined && { error }),
  }
}

function stateOf(state: string, startAfter: Date): JobState {
  if (state === 'active' || state === 'failed' || state === 'completed') return state
  if (state === 'cancelled') return 'failed'
  return startAfter.getTime() > Date.now() ? 'delayed' : 'waiting'
}
