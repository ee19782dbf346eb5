/**
 * partywall/pg-boss, for pg-boss 12. `tenantPgBoss` sends jobs with a stamp of the current scope, and works on each job in the scope of its stamp. A job that may not
 * run goes to the dead letter queue at once, and never to the shared schema.
 *
 * Not isolated by it: what is called on the PgBoss itself, such as `fetch` and `update`.
 */
import '../../node-version.ts'
import type { FlowJob, JobInsert, JobWithMetadata, PgBoss, SendOptions, WorkOptions } from 'pg-boss'
import { TenancyError } from '../../errors.ts'
import { assertFunction } from '../../given-function.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { refusedOption } from '../../orm/shared/refused-options.ts'
import type { ScopeLike } from '../../ports/tenancy-like.ts'
import { seen } from '../../seen.ts'
import { isTested, testedVersions, installedVersion, unusableVersion, warnIfUntested } from '../../tested-versions.ts'
import type { TenantRef } from '../../types.ts'
import type { JobTenancy } from '../shared/job-tenancy.ts'
import { createJobs, isRefused, type Jobs, type JobSecrets } from '../shared/jobs.ts'
import { Schedules, type ScheduleListener, type TenantSchedule } from '../shared/schedules.ts'
import { isStamped, type Stamped } from '../shared/stamp.ts'
import { keyOfScope } from '../shared/scope-key.ts'
import { tenantIdOf } from '../shared/tenant-id.ts'

export type { MasterSecrets } from '../../master-secrets.ts'
export type { ScopeLike } from '../../ports/tenancy-like.ts'
export type { JobTenancy } from '../shared/job-tenancy.ts'
export type { MissedOccurrence, ScheduleListener, ScheduleReport, TenantSchedule } from '../shared/schedules.ts'
export type { JobSecrets } from '../shared/jobs.ts'

export interface TenantPgBossOptions extends JobSecrets {
  /** Gets the report of each tick of a schedule that did something. @default a warning where a tenant was missed */
  onSchedule?: ScheduleListener
}

/** A job as its handler gets it: `data` is what was sent. */
export type TenantJob<T = unknown> = Omit<JobWithMetadata, 'data'> & { readonly data: T }

/** The options of `work` of pg-boss, without those that hand several tenants' jobs to one function or transaction. */
export type TenantWorkOptions = Omit<
  WorkOptions,
  'perJobResults' | 'transactional' | 'transactionTimeoutSeconds' | 'includeMetadata'
>

export type TenantSendOptions = Omit<SendOptions, 'group'>
export type TenantJobInsert<T = object> = Omit<JobInsert<T>, 'group'>

export interface JobListOptions {
  /** Only jobs that wait. @default false */
  readonly queued?: boolean
  /** 1 to 100,000. @default 1000 */
  readonly limit?: number
  /** The id of the last job of the page before. */
  readonly after?: string
}

export interface TenantPgBoss<A extends object = any> {
  /**
   * Sends a job of the current scope. Resolves to its id; null where a singleton key or a throttle left it out. Keys are those of the scope: two tenants with the
   * same key do not meet. Costs what pg-boss costs, and one HMAC over the data.
   * @throws TenancyError NO_TENANT outside every scope; INVALID_ARGUMENT
   */
  send(queue: string, data?: object | null, options?: TenantSendOptions): Promise<string | null>
  sendAfter(
    queue: string,
    data: object | null,
    options: TenantSendOptions | null,
    when: Date | string | number,
  ): Promise<string | null>
  /** At most one job of the scope in so many seconds. */
  sendThrottled(
    queue: string,
    data: object | null,
    options: TenantSendOptions | null,
    seconds: number,
    key?: string,
  ): Promise<string | null>
  sendDebounced(
    queue: string,
    data: object | null,
    options: TenantSendOptions | null,
    seconds: number,
    key?: string,
  ): Promise<string | null>
  /** Sends many jobs of the current scope in one statement. */
  insert(queue: string, jobs: readonly TenantJobInsert[], options?: Parameters<PgBoss['insert']>[2]): Promise<string[] | null>
  /** Sends jobs of the current scope that wait for each other. */
  flow(jobs: readonly FlowJob[], options?: Parameters<PgBoss['flow']>[1]): Promise<Record<string, string>>
  /**
   * Works on a queue: `handler` gets one job at a time, in the scope that the job was sent in. What it throws is tried again, as pg-boss does; a job that is refused
   * (`JOB_REFUSED`) goes to the dead letter queue. `localConcurrency` is 4 unless given, and a tenant gets at most half of all jobs that run (`localGroupConcurrency`),
   * so its backlog leaves room for others; with a `localConcurrency` of 1 it does not. Resolves to the id of the worker.
   */
  work<T = any>(queue: string, handler: (job: TenantJob<T>) => unknown): Promise<string>
  work<T = any>(queue: string, options: TenantWorkOptions, handler: (job: TenantJob<T>) => unknown): Promise<string>
  /**
   * Sends a job to every active tenant at the times of a cron expression. Call it when the process starts, in every process that works: the definition is in the code, and
   * only how far it has come is stored. Creates the queue `partywall-schedules` of pg-boss, which ticks each minute.
   * @example await jobs.schedule('digest', { cron: '0 8 * * 1', timeZone: (tenant) => tenant.attributes.timeZone, jitterMs: 600_000 })
   * @throws TenancyError INVALID_ARGUMENT
   */
  schedule(queue: string, schedule: TenantSchedule<A>): Promise<void>
  /** The jobs of a tenant in a queue, in every state, oldest first. Costs a query that reads the queue. Takes the id of a tenant that was deleted, too. */
  jobsOf(ref: TenantRef, queue: string, options?: JobListOptions): Promise<TenantJob[]>
  /** Deletes the jobs of a tenant in a queue; resolves to how many. Takes the id of a tenant that was deleted, too. */
  removeJobsOf(ref: TenantRef, queue: string): Promise<number>
}

/**
 * @param boss a PgBoss that was started, with `db: { executeSql: (text, values) => tenancy.sharedPool.query(text, values) }` or connections of its own
 * @example
 * const jobs = tenantPgBoss(tenancy, boss, { secret: process.env.JOB_SECRET! })
 * await jobs.work<{ pollId: number }>('close', async ({ data }) => tenancy.pool.query('update polls set closed = true where id = $1', [data.pollId]))
 * await tenancy.run('acme', () => jobs.sendAfter('close', { pollId: 7 }, null, 3600))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantPgBoss<A extends object>(
  tenancy: JobTenancy<A>,
  boss: PgBoss,
  options: TenantPgBossOptions,
): TenantPgBoss<A> {
  assertKnownKeys('tenantPgBoss', options, ['secret', 'secrets', 'onSchedule'], 'INVALID_OPTION')
  const { onSchedule, ...secrets } = options
  const jobs = createJobs('tenantPgBoss', tenancy, secrets)
  assertBoss(boss)
  return new StampedPgBoss(tenancy, boss, jobs, new Schedules(tenancy, onSchedule))
}

class StampedPgBoss implements TenantPgBoss {
  readonly #tenancy: JobTenancy
  readonly #boss: PgBoss
  readonly #jobs: Jobs
  readonly #schedules: Schedules
  #ticking: Promise<void> | undefined

  constructor(tenancy: JobTenancy, boss: PgBoss, jobs: Jobs, schedules: Schedules) {
    this.#tenancy = tenancy
    this.#boss = boss
    this.#jobs = jobs
    this.#schedules = schedules
  }

  async send(queue: string, data: object | null = null, options: TenantSendOptions = {}): Promise<string | null> {
    return this.#boss.send(queue, this.#jobs.stamp(queue, data), this.#inScope(options))
  }

  async sendAfter(queue: string, data: object | null, options: TenantSendOptions | null, when: Date | string | number) {
    return this.#boss.sendAfter(queue, this.#jobs.stamp(queue, data), this.#inScope(options ?? {}), when as never)
  }

  async sendThrottled(queue: string, data: object | null, options: TenantSendOptions | null, seconds: number, key?: string) {
    const { singletonKey, ...own } = this.#inScope({ ...options, ...(key !== undefined && { singletonKey: key }) })
    return this.#boss.sendThrottled(queue, this.#jobs.stamp(queue, data), own, seconds, singletonKey)
  }

  async sendDebounced(queue: string, data: object | null, options: TenantSendOptions | null, seconds: number, key?: string) {
    const { singletonKey, ...own } = this.#inScope({ ...options, ...(key !== undefined && { singletonKey: key }) })
    return this.#boss.sendDebounced(queue, this.#jobs.stamp(queue, data), own, seconds, singletonKey)
  }

  async insert(queue: string, jobs: readonly TenantJobInsert[], options?: Parameters<PgBoss['insert']>[2]) {
    return this.#boss.insert(
      queue,
      jobs.map((job) => ({ ...this.#inScope(job), data: this.#jobs.stamp(queue, job.data ?? null) })),
      options,
    )
  }

  async flow(jobs: readonly FlowJob[], options?: Parameters<PgBoss['flow']>[1]) {
    const inScope = jobs.map((job) => ({
      ...job,
      data: this.#jobs.stamp(job.name, job.data ?? null),
      options: this.#inScope(job.options ?? {}),
    }))
    return this.#boss.flow(inScope, options)
  }

  async work(queue: string, ...given: readonly unknown[]): Promise<string> {
    const handler = given.at(-1) as (job: TenantJob<any>) => unknown
    const options = given.length > 1 ? (given[0] as TenantWorkOptions) : {}
    assertFunction('work', handler)
    for (const [option, instead] of Object.entries(refused))
      if ((options as Record<string, unknown>)[option] !== undefined) throw refusedOption('work', option, instead)
    const { localConcurrency = 4, batchSize = 1 } = options
    const localGroupConcurrency = options.localGroupConcurrency ?? Math.max(1, Math.floor((localConcurrency * batchSize) / 2))
    const settings = {
      ...options,
      localConcurrency,
      // A limit for all processes takes the place of the one for this process.
      ...(options.groupConcurrency === undefined && { localGroupConcurrency }),
      perJobResults: true,
      includeMetadata: true,
    } as const
    return this.#boss.work<unknown, unknown, typeof settings>(queue, settings, (batch) =>
      Promise.all(batch.map((job) => this.#workOn(queue, job, handler))),
    )
  }

  async #workOn<T>(queue: string, job: JobWithMetadata<unknown>, handler: (job: TenantJob<T>) => unknown) {
    // A dead letter keeps the stamp of the queue that it comes from.
    const queues = job.sourceName === null ? [queue] : [queue, job.sourceName]
    try {
      const output = await this.#jobs.enter(queues, job.data, (data) => handler({ ...job, data: data as T }))
      return { id: job.id, status: 'completed', output } as const
    } catch (error) {
      return { id: job.id, status: isRefused(error) ? 'deadletter' : 'failed', output: error } as const
    }
  }

  async schedule(queue: string, schedule: TenantSchedule): Promise<void> {
    this.#schedules.add(queue, schedule)
    await (this.#ticking ??= this.#tickEachMinute())
  }

  async #tickEachMinute(): Promise<void> {
    await this.#boss.createQueue(tickQueue, { policy: 'short', retryLimit: 0, deleteAfterSeconds: 3600 })
    await this.#boss.schedule(tickQueue, '* * * * *')
    await this.#boss.work(tickQueue, async () => {
      const reports = await this.#schedules.tick(async (queue, { tenant, startAt, id, data }) => {
        const scope: ScopeLike = { kind: 'tenant', tenant }
        const options = { id, startAfter: startAt, ...keysOf(scope, id) }
        return this.#boss.send(queue, this.#jobs.stampFor(scope, queue, data), options)
      })
      return { schedules: reports.map(({ schedule, enqueued, missed }) => ({ schedule, enqueued, missed: missed.length })) }
    })
  }

  async jobsOf(ref: TenantRef, queue: string, options: JobListOptions = {}): Promise<TenantJob[]> {
    assertKnownKeys('jobsOf', options, ['queued', 'limit', 'after'])
    return this.#find(await tenantIdOf(this.#tenancy, ref), queue, options)
  }

  async removeJobsOf(ref: TenantRef, queue: string): Promise<number> {
    const id = await tenantIdOf(this.#tenancy, ref)
    let removed = 0
    for (;;) {
      const page = await this.#find(id, queue, {})
      if (page.length === 0) return removed
      const { affected } = (await this.#boss.deleteJob(
        queue,
        page.map((job) => job.id),
      )) as { affected: number }
      // A job that runs is not deleted.
      if (affected === 0) return removed
      removed += affected
    }
  }

  async #find(tenant: string, queue: string, options: JobListOptions): Promise<TenantJob[]> {
    const found = await this.#boss.findJobs(queue, { ...options, data: { partywall: { tenant } } })
    return found.map((job) => ({ ...job, data: isStamped(job.data) ? (job.data as Stamped).data : job.data }))
  }

  /** The group makes the share of each tenant; keys that two tenants choose alike must not meet. */
  #inScope<O extends TenantSendOptions | TenantJobInsert>(options: O): O & { group: { id: string }; singletonKey: string } {
    const { group } = options as { group?: unknown }
    if (group !== undefined) throw refusedOption('send', 'group', 'The group of a job is its tenant.')
    const scope = this.#tenancy.scope()
    // `stamp` refuses a job outside of every scope, with the name of its queue.
    return { ...options, ...keysOf(scope ?? { kind: 'shared' }, options.singletonKey) }
  }
}

function keysOf(scope: ScopeLike, key?: string): { group: { id: string }; singletonKey: string } {
  const id = keyOfScope(scope)
  return { group: { id }, singletonKey: key === undefined ? id : `${id}:${key}` }
}

const tickQueue = 'partywall-schedules'

const refused = {
  perJobResults: 'Each job has a result of its own: the handler gets one job.',
  transactional: 'One transaction would hold the jobs of several tenants. Make the work of a job repeatable.',
  transactionTimeoutSeconds: 'It belongs to "transactional".',
  includeMetadata: 'It is always on.',
} as const

/** @throws TenancyError INVALID_OPTION */
function assertBoss(boss: unknown): void {
  if (
    typeof (boss as Partial<PgBoss> | undefined)?.findJobs !== 'function' ||
    typeof (boss as Partial<PgBoss>).work !== 'function'
  )
    throw new TenancyError('INVALID_OPTION', `tenantPgBoss takes a PgBoss as its second argument; it got ${seen(boss)}.`, {
      details: { what: 'tenantPgBoss', option: 'boss', seen: seen(boss) },
    })
  const version = installedVersion('pg-boss')
  // Older versions know no result for each job of a batch: a refused job would count as done.
  if (version !== undefined && Number.parseInt(version, 10) <= 12 && !isTested(testedVersions['pg-boss'], version))
    throw unusableVersion('pg-boss', 'would count a refused job as done.')
  warnIfUntested('pg-boss')
}
