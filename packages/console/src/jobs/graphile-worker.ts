/** The jobs of Graphile Worker for the console. A task is a queue here. */
import { identifier, type TenantRef } from 'partywall'
import { errorSentence } from './error-sentence.ts'
import type { ConsoleJobs, JobState, QueuedJob } from './source.ts'

/** What is needed of the result of `makeWorkerUtils`. */
export interface WorkerUtilsLike {
  withPgClient<T>(fn: (client: any) => Promise<T>): Promise<T>
  completeJobs(ids: string[]): Promise<readonly unknown[]>
}

/** What is needed of the result of `tenantGraphileWorker`. */
export interface WorkerJobsLike<U> {
  jobsOf(
    utils: U,
    tenant: TenantRef,
    options?: { readonly task?: string; readonly limit?: number; readonly after?: string },
  ): Promise<readonly WorkerJob[]>
}

interface WorkerJob {
  readonly id: string
  readonly task_identifier: string
  readonly run_at: Date
  readonly attempts: number
  readonly max_attempts: number
  readonly last_error: string | null
  readonly locked_at: Date | null
}

const pageSize = 1000
const mostRead = 10_000

/**
 * @param utils the result of `makeWorkerUtils`
 * @param jobs the result of `tenantGraphileWorker(tenancy, …)`
 * @example console(tenancy, { authorize, jobs: graphileWorkerJobs(utils, jobs) })
 */
export function graphileWorkerJobs<U extends WorkerUtilsLike>(
  utils: U,
  jobs: WorkerJobsLike<U>,
  { schema = 'graphile_worker' }: { readonly schema?: string } = {},
): ConsoleJobs {
  const quoted = identifier(schema)
  const find = async (tenant: TenantRef, queue: string, id: string): Promise<WorkerJob | undefined> => {
    if (!/^[1-9]\d{0,17}$/.test(id)) return undefined
    // Sorted by id: the first one after the number in front of it.
    const [job] = await jobs.jobsOf(utils, tenant, { task: queue, after: String(BigInt(id) - 1n), limit: 1 })
    return job?.id === id ? job : undefined
  }
  return {
    name: 'Graphile Worker',
    async queues() {
      const { rows } = await utils.withPgClient<{ rows: { task: string; counts: string }[] }>((client) =>
        client.query(countsSql(quoted)),
      )
      return rows.map(({ task, counts }) => ({ queue: task, counts: JSON.parse(counts) as Record<string, number> }))
    },
    async jobsOf(tenant, { queue, state, limit }) {
      const found: QueuedJob[] = []
      for (let after: string | undefined, read = 0; read < mostRead; read += pageSize) {
        const options = { limit: pageSize, ...(queue !== undefined && { task: queue }), ...(after !== undefined && { after }) }
        const page = await jobs.jobsOf(utils, tenant, options)
        for (const job of page) {
          const shown = jobOf(job)
          if (state !== undefined && shown.state !== state) continue
          found.push(shown)
          if (found.length === limit) return found
        }
        if (page.length < pageSize) break
        after = page.at(-1)!.id
      }
      return found
    },
    async retry(tenant, queue, id) {
      const job = await find(tenant, queue, id)
      if (job === undefined || stateOf(job) !== 'failed') return false
      // Not by `utils.rescheduleJobs`, which takes 0 attempts for none given.
      const text = `select from ${quoted}.reschedule_jobs(array[$1::bigint], run_at := pg_catalog.now(), attempts := 0)`
      const { rowCount } = await utils.withPgClient<{ rowCount: number }>((client) => client.query(text, [id]))
      return rowCount > 0
    },
    async remove(tenant, queue, id) {
      const job = await find(tenant, queue, id)
      if (job === undefined || stateOf(job) === 'active') return false
      return (await utils.completeJobs([id])).length > 0
    },
  }
}

function jobOf(job: WorkerJob): QueuedJob {
  const error = errorSentence(job.last_error)
  return {
    id: job.id,
    queue: job.task_identifier,
    state: stateOf(job),
    attempts: job.attempts,
    maxAttempts: job.max_attempts,
    runAt: job.run_at,
    ...(error !== undefined && { error }),
  }
}

function stateOf({ attempts, max_attempts, locked_at, run_at }: WorkerJob): JobState {
  if (locked_at !== null) return 'active'
  if (attempts >= max_attempts) return 'failed'
  return run_at.getTime() > Date.now() ? 'delayed' : 'waiting'
}

/** Jobs that are done are not kept. */
function countsSql(schema: string): string {
  return `
    select counted.task_identifier as task, pg_catalog.json_object_agg(counted.state, counted.number)::text as counts
    from (
      select
        job.task_identifier,
        case
          when job.locked_at is not null then 'active'
          when job.attempts >= job.max_attempts then 'failed'
          when job.run_at > pg_catalog.now() then 'delayed'
          else 'waiting'
        end as state,
        pg_catalog.count(*) as number
      from ${schema}.jobs as job
      where job.task_identifier <> 'partywall_schedules'
      group by 1, 2
    ) as counted
    group by counted.task_identifier
    order by counted.task_identifier`
}
