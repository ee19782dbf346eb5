/**
 * partywall/graphile-worker, for Graphile Worker 0.18. `tenantGraphileWorker` adds jobs with a stamp of the current scope, and runs each task in the scope of the stamp of
 * its job. A job that may not run fails for good, and never runs in the shared schema.
 *
 * Not isolated by it: jobs that are added without it, as by `graphile_worker.add_job` of your own SQL; a task refuses them.
 */
import '../../node-version.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  parseCronItems,
  type AddJobsJobSpec,
  type CronItem,
  type Job,
  type JobHelpers,
  type RunnerOptions,
  type TaskList,
  type TaskSpec,
  type WorkerUtils,
} from 'graphile-worker'
import type { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { identifier } from '../../names/identifier.ts'
import type { ScopeLike } from '../../ports/tenancy-like.ts'
import { seen } from '../../seen.ts'
import { warnIfUntested } from '../../tested-versions.ts'
import type { TenantRef } from '../../types.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import type { JobTenancy } from '../shared/job-tenancy.ts'
import { createJobs, isRefused, type Jobs, type JobSecrets } from '../shared/jobs.ts'
import { Schedules, type ScheduleListener, type TenantSchedule } from '../shared/schedules.ts'
import { keyOfScope } from '../shared/scope-key.ts'
import { tenantIdOf } from '../shared/tenant-id.ts'

export type { MasterSecrets } from '../../master-secrets.ts'
export type { ScopeLike } from '../../ports/tenancy-like.ts'
export type { JobTenancy } from '../shared/job-tenancy.ts'
export type { MissedOccurrence, ScheduleListener, ScheduleReport, TenantSchedule } from '../shared/schedules.ts'
export type { JobSecrets } from '../shared/jobs.ts'

export interface TenantGraphileWorkerOptions extends JobSecrets {
  /** The schema of Graphile Worker. @default 'graphile_worker' */
  schema?: string
  /** Gets the report of each tick of a schedule that did something. @default a warning where a tenant was missed */
  onSchedule?: ScheduleListener
}

/** A task of a tenant, or of the shared side: `payload` is what was added. `helpers.addJob` adds a job of the same scope. */
export type TenantTask<T = any> = (payload: T, helpers: JobHelpers) => unknown

export interface TenantWorkerOptions {
  /** How many jobs run at a time in this process. @default 4 */
  concurrency?: number
  /** How many of them may be of one tenant, so that its backlog leaves room for others. 1 or more. @default half of `concurrency` */
  maxPerTenant?: number
  /** More cron items of your own, which add jobs without a tenant: their tasks run in the shared scope. */
  cronItems?: readonly CronItem[]
}

/** The parts of the options of `run` of Graphile Worker that the adapter decides. */
export type TenantRunnerOptions = Required<Pick<RunnerOptions, 'taskList' | 'concurrency' | 'forbiddenFlags' | 'parsedCronItems'>>

/** What can add a job: the result of `run` or `makeWorkerUtils`, or the helpers of a task. */
export type JobAdder = Pick<WorkerUtils, 'addJob'>

/** A job as the view of Graphile Worker shows it. */
export interface ListedJob {
  readonly id: string
  readonly task_identifier: string
  readonly run_at: Date
  readonly attempts: number
  readonly max_attempts: number
  readonly last_error: string | null
  readonly locked_at: Date | null
}

export interface ListedJobsOptions {
  /** Only jobs of this task. */
  readonly task?: string
  /** 1 to 10,000. @default 1000 */
  readonly limit?: number
  /** The id of the last job of the page before. */
  readonly after?: string
}

export interface TenantGraphileWorker<A extends object = any> {
  /**
   * Adds a job of the current scope. Its `jobKey` is one of the scope: two tenants with the same key do not meet. Costs what Graphile Worker costs, and one HMAC over the
   * payload.
   * @throws TenancyError NO_TENANT outside every scope; INVALID_ARGUMENT
   */
  addJob(adder: JobAdder, task: string, payload: unknown, spec?: TaskSpec): Promise<Job>
  /** Adds many jobs of the current scope in one statement; the result of `run` cannot, but that of `makeWorkerUtils`. */
  addJobs(adder: Pick<WorkerUtils, 'addJobs'>, jobs: readonly AddJobsJobSpec[]): Promise<readonly Job[]>
  /**
   * The stamped job, for SQL of your own: `select graphile_worker.add_job($1, $2::json, flags => $3, job_key => $4)` in the transaction of the tenant makes the job and
   * your rows one.
   */
  jobSpec(task: string, payload: unknown, spec?: TaskSpec): AddJobsJobSpec
  /**
   * Options for `run`: the tasks, each of which enters the scope of its job, and what shares the worker between tenants. Call `schedule` before it.
   * @example await run({ pgPool: tenancy.sharedPool, ...jobs.worker({ close: async ({ pollId }) => closePoll(pollId) }) })
   */
  worker(tasks: Readonly<Record<string, TenantTask>>, options?: TenantWorkerOptions): TenantRunnerOptions
  /**
   * Adds a job for every active tenant at the times of a cron expression. The definition is in the code, and only how far it has come is stored.
   * @example jobs.schedule('digest', { cron: '0 8 * * 1', timeZone: (tenant) => tenant.attributes.timeZone, jitterMs: 600_000 })
   * @throws TenancyError INVALID_ARGUMENT
   */
  schedule(task: string, schedule: TenantSchedule<A>): void
  /** The jobs of a tenant, oldest first; without their payloads. Costs a query that reads all jobs. */
  jobsOf(utils: WorkerUtils, ref: TenantRef, options?: ListedJobsOptions): Promise<ListedJob[]>
  /** Removes the jobs of a tenant that do not run; resolves to how many. Takes the id of a tenant that was deleted, too. */
  removeJobsOf(utils: WorkerUtils, ref: TenantRef): Promise<number>
}

/**
 * @example
 * const jobs = tenantGraphileWorker(tenancy, { secret: process.env.JOB_SECRET! })
 * const runner = await run({ pgPool: tenancy.sharedPool, ...jobs.worker({ close: async ({ pollId }) => closePoll(pollId) }) })
 * await tenancy.run('acme', () => jobs.addJob(runner, 'close', { pollId: 7 }, { runAt: new Date(Date.now() + 3_600_000) }))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantGraphileWorker<A extends object>(
  tenancy: JobTenancy<A>,
  options: TenantGraphileWorkerOptions,
): TenantGraphileWorker<A> {
  assertKnownKeys('tenantGraphileWorker', options, ['secret', 'secrets', 'schema', 'onSchedule'], 'INVALID_OPTION')
  const { schema = 'graphile_worker', onSchedule, ...secrets } = options
  const jobs = createJobs('tenantGraphileWorker', tenancy, secrets)
  warnIfUntested('graphile-worker')
  return new StampedGraphileWorker(tenancy, jobs, identifier(schema), new Schedules(tenancy, onSchedule))
}

class StampedGraphileWorker implements TenantGraphileWorker {
  readonly #tenancy: JobTenancy
  readonly #jobs: Jobs
  /** Quoted. */
  readonly #schema: string
  readonly #schedules: Schedules

  constructor(tenancy: JobTenancy, jobs: Jobs, schema: string, schedules: Schedules) {
    this.#tenancy = tenancy
    this.#jobs = jobs
    this.#schema = schema
    this.#schedules = schedules
  }

  jobSpec(task: string, payload: unknown, spec: TaskSpec = {}): AddJobsJobSpec {
    // First: it refuses a job outside of every scope.
    const stamped = this.#jobs.stamp(task, payload ?? null)
    const { jobKeyMode: _, ...own } = this.#inScope(this.#tenancy.scope()!, spec)
    return { ...own, identifier: task, payload: stamped }
  }

  async addJob(adder: JobAdder, task: string, payload: unknown, spec: TaskSpec = {}): Promise<Job> {
    const stamped = this.#jobs.stamp(task, payload ?? null)
    return adder.addJob(task, stamped, this.#inScope(this.#tenancy.scope()!, spec))
  }

  async addJobs(adder: Pick<WorkerUtils, 'addJobs'>, jobs: readonly AddJobsJobSpec[]): Promise<readonly Job[]> {
    return adder.addJobs(jobs.map(({ identifier: task, payload, ...spec }) => this.jobSpec(task, payload, spec)))
  }

  worker(tasks: Readonly<Record<string, TenantTask>>, options: TenantWorkerOptions = {}): TenantRunnerOptions {
    assertKnownKeys('worker', options, ['concurrency', 'maxPerTenant', 'cronItems'])
    const { concurrency = 4, maxPerTenant = Math.max(1, Math.floor(concurrency / 2)), cronItems = [] } = options
    for (const [option, value] of Object.entries({ concurrency, maxPerTenant }))
      assertWholeNumber('INVALID_ARGUMENT', `"${option}" of worker`, option, value, { least: 1 })
    const running = new Map<string, number>()
    const cronTasks = new Set(cronItems.map(({ task }) => task))
    const taskList: TaskList = {}
    for (const [name, task] of Object.entries(tasks)) {
      taskList[name] = (payload, helpers) =>
        counted(running, helpers.job, () =>
          isOfCron(payload) && cronTasks.has(name)
            ? this.#tenancy.runShared(async () => void (await task(payload, this.#inTask(helpers))))
            : this.#runTask(name, payload, helpers, task),
        )
    }
    const items = [...cronItems]
    if (this.#schedules.names.length > 0) {
      taskList[tickTask] = (_payload, helpers) => this.#tick(helpers)
      items.push({ task: tickTask, match: '* * * * *', options: { jobKey: tickTask, maxAttempts: 1 } })
    }
    return {
      taskList,
      concurrency,
      forbiddenFlags: () => [...running].filter(([, count]) => count >= maxPerTenant).map(([flag]) => flag),
      parsedCronItems: parseCronItems(items),
    }
  }

  schedule(task: string, schedule: TenantSchedule): void {
    this.#schedules.add(task, schedule)
  }

  async jobsOf({ withPgClient }: WorkerUtils, ref: TenantRef, options: ListedJobsOptions = {}): Promise<ListedJob[]> {
    assertKnownKeys('jobsOf', options, ['task', 'limit', 'after'])
    const { task, limit = 1000, after = '0' } = options
    assertWholeNumber('INVALID_ARGUMENT', '"limit" of jobsOf', 'limit', limit, { least: 1, most: 10_000 })
    const flag = flagOf(await tenantIdOf(this.#tenancy, ref))
    return withPgClient(async (client) => {
      const { rows } = await client.query<ListedJob>(jobsOfSql(this.#schema), [flag, task ?? null, after, limit])
      return rows
    })
  }

  async removeJobsOf(utils: WorkerUtils, ref: TenantRef): Promise<number> {
    let removed = 0
    for (let after = '0'; ;) {
      const page = await this.jobsOf(utils, ref, { after })
      if (page.length === 0) return removed
      removed += (await utils.completeJobs(page.map(({ id }) => id))).length
      after = page.at(-1)!.id
    }
  }

  async #runTask(name: string, payload: unknown, helpers: JobHelpers, task: TenantTask): Promise<void> {
    try {
      await this.#jobs.enter([name], payload, (data) => task(data, this.#inTask(helpers)))
    } catch (error) {
      if (isRefused(error)) void failForGood(this.#schema, helpers, error as TenancyError)
      throw error
    }
  }

  /** The helpers of a task add jobs of its scope. */
  #inTask(helpers: JobHelpers): JobHelpers {
    return {
      ...helpers,
      addJob: ((task, payload, spec) => this.addJob(helpers, task, payload, spec)) as JobHelpers['addJob'],
      addJobs: ((jobs) => this.addJobs(helpers, jobs)) as JobHelpers['addJobs'],
    }
  }

  async #tick(helpers: JobHelpers): Promise<void> {
    await this.#schedules.tick(async (task, { tenant, startAt, id, data }) => {
      const scope: ScopeLike = { kind: 'tenant', tenant }
      const spec = { ...this.#inScope(scope, { jobKey: id, runAt: startAt }), jobKeyMode: 'unsafe_dedupe' } as const
      return helpers.addJob(task, this.#jobs.stampFor(scope, task, data), spec)
    })
  }

  #inScope(scope: ScopeLike, { jobKey, flags = [], ...spec }: TaskSpec): TaskSpec {
    const key = keyOfScope(scope)
    return {
      ...spec,
      ...(scope.kind === 'tenant' ? { flags: [...flags, flagOf(key)] } : flags.length > 0 && { flags: [...flags] }),
      ...(jobKey !== undefined && { jobKey: `${key}:${jobKey}` }),
    }
  }
}

const tickTask = 'partywall_schedules'

function flagOf(tenantId: string): string {
  return `tenant:${tenantId}`
}

/** Runs `fn` while the tenant of the job has one more job that runs. */
async function counted(running: Map<string, number>, job: Job, fn: () => Promise<void>): Promise<void> {
  const flag = Object.keys(job.flags ?? {}).find((name) => name.startsWith('tenant:'))
  if (flag === undefined) return fn()
  running.set(flag, (running.get(flag) ?? 0) + 1)
  try {
    await fn()
  } finally {
    const left = running.get(flag)! - 1
    if (left === 0) running.delete(flag)
    else running.set(flag, left)
  }
}

/** A job that cron added has no stamp: Graphile Worker writes it itself. */
function isOfCron(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && '_cron' in payload && !('partywall' in payload)
}

/**
 * Takes the remaining attempts from a job that is refused. The worker holds the job until it has noted the failure, which happens after the task has ended, so this is
 * tried until the job is free. Where the process ends first, the job is refused once more later.
 */
async function failForGood(schema: string, { withPgClient, job, logger }: JobHelpers, { summary }: TenancyError): Promise<void> {
  for (const wait of [10, 50, 250, 1000, 5000]) {
    await sleep(wait, undefined, { ref: false })
    try {
      const { rowCount } = await withPgClient((client) =>
        client.query(`select from ${schema}.permanently_fail_jobs(array[$1::bigint], $2::text)`, [job.id, summary]),
      )
      if (rowCount !== 0) return
    } catch (error) {
      logger.warn(`The refused job ${job.id} keeps its attempts for now: ${seen(String(error))}`)
    }
  }
}

function jobsOfSql(schema: string): string {
  return `
    select job.id::text as id, job.task_identifier, job.run_at, job.attempts, job.max_attempts, job.last_error, job.locked_at
    from ${schema}.jobs as job
    where job.flags ? $1::text
      and ($2::text is null or job.task_identifier = $2::text)
      and job.id > $3::bigint
    order by job.id
    limit $4::integer`
}
