/** A queue of BullMQ as the code of one scope sees it: what it adds is stamped, and it finds no job of another tenant. */
import type { Job, JobSchedulerTemplateOptions, JobsOptions, Queue, RepeatOptions } from 'bullmq'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { ScopeLike } from '../../ports/tenancy-like.ts'
import { seen } from '../../seen.ts'
import type { TenantRef } from '../../types.ts'
import { createJobs, type Jobs, type JobSecrets } from '../shared/jobs.ts'
import type { ScheduleListener, TenantSchedule } from '../shared/schedules.ts'
import { keyOfScope } from '../shared/scope-key.ts'
import { tenantIdOf } from '../shared/tenant-id.ts'
import type { BullTenancy } from './bull-tenancy.ts'
import { assertUsable } from './usable.ts'
import { idInScope, isIdOf, stampedFor } from './job-ids.ts'
import { findJobs, removeJobs, type FindJobsOptions, type RemovedJobs, type TenantJobs } from './jobs-of-tenant.ts'
import { openJob, stampUpdates } from './opened-job.ts'
import { assertNewJob, stampedJob, type NewJob, type TenantJobOptions } from './stamped-job.ts'
import { enqueueBy } from './schedule-ticks.ts'
import { assertNoOrder, noTurnYet, turnsOf, type Turns } from './turns.ts'

export interface TenantQueueOptions extends JobSecrets {
  /**
   * Jobs take turns by tenant, so that the backlog of one tenant does not keep the others waiting: the adapter decides on their priority. Give the worker of the queue
   * the same. @default true
   */
  fair?: boolean
  /** Gets the report of each tick of a schedule that did something. @default a warning where a tenant was missed */
  onSchedule?: ScheduleListener
}

export interface TenantQueue<Data = any, Result = any, Name extends string = string> {
  readonly name: string
  /**
   * Adds a job of the current scope. Its id begins with the tenant's: a `jobId` and a `deduplication.id` are those of the scope, so two tenants with the same one do not
   * meet. Costs what BullMQ costs, an HMAC over the data, and with `fair` one more command.
   * @throws TenancyError NO_TENANT outside every scope; INVALID_ARGUMENT
   */
  add(name: Name, data: Data, opts?: TenantJobOptions): Promise<Job<Data, Result, Name>>
  /** Adds many jobs of the current scope in one step: all of them, or none. */
  addBulk(jobs: readonly NewJob<Data, Name>[]): Promise<Job<Data, Result, Name>[]>
  /** A job of the current scope again and again, as BullMQ's job schedulers do. For a job of every tenant use `schedule`. */
  upsertJobScheduler(
    id: string,
    repeat: Omit<RepeatOptions, 'key'>,
    template: { readonly name: Name; readonly data: Data; readonly opts?: JobSchedulerTemplateOptions },
  ): Promise<Job<Data, Result, Name> | undefined>
  /** Resolves to whether there was one. */
  removeJobScheduler(id: string): Promise<boolean>
  /** A job of the current scope; undefined for one of another scope, too. `id`: `job.id`, or the `jobId` that it was added with. */
  getJob(id: string): Promise<Job<Data, Result, Name> | undefined>
  /**
   * Adds a job of this name for every active tenant, at the times of a cron expression in the tenant's time zone. Call it when the process starts, in every process that works on
   * the queue: the definition is in the code, and only how far it has come is stored. A worker of the queue enqueues what is due each minute.
   * @example await digests.schedule('digest', { cron: '0 8 * * 1', timeZone: (tenant) => tenant.attributes.timeZone, jitterMs: 600_000 })
   * @throws TenancyError INVALID_ARGUMENT
   */
  schedule(name: Name, schedule: TenantSchedule): Promise<void>
  /** How many jobs a tenant has, by state, and a list of some. Reads the ids of the whole queue. @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT */
  jobsOf(ref: TenantRef, options?: FindJobsOptions): Promise<TenantJobs<Data, Result, Name>>
  /** Removes all jobs and schedulers of a tenant, also of one that was deleted, by its id. A job that runs stays. Reads the ids of the whole queue. */
  removeJobsOf(ref: TenantRef): Promise<RemovedJobs>
}

/**
 * @example
 * const mails = tenantQueue(tenancy, new Queue<{ to: string }>('mails', { connection }), { secret: process.env.JOB_SECRET! })
 * await tenancy.run('acme', () => mails.add('welcome', { to: 'ada@example.com' }))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantQueue<Data, Result, Name extends string>(
  tenancy: BullTenancy,
  queue: Queue<any, any, string, Data, Result, Name, any, any>,
  options: TenantQueueOptions,
): TenantQueue<Data, Result, Name> {
  assertKnownKeys('tenantQueue', options, ['secret', 'secrets', 'fair', 'onSchedule'], 'INVALID_OPTION')
  const { fair, onSchedule, ...secrets } = options
  const jobs = createJobs('tenantQueue', tenancy, secrets)
  assertUsable('tenantQueue', 'a Queue of BullMQ', queue, ['addBulk', 'upsertJobScheduler', 'getRanges', 'getBackend'])
  const turns = turnsOf('tenantQueue', { backend: queue.getBackend(), fair })
  return new StampedQueue<Data, Result, Name>(tenancy, queue as never, jobs, turns, onSchedule)
}

type PlainQueue<Data, Result, Name extends string> = Queue<any, any, string, Data, Result, Name, any, any>

class StampedQueue<Data, Result, Name extends string> implements TenantQueue<Data, Result, Name> {
  readonly name: string
  readonly #tenancy: BullTenancy
  readonly #queue: PlainQueue<any, Result, Name>
  readonly #jobs: Jobs
  readonly #turns: Turns | undefined
  readonly #onSchedule: ScheduleListener | undefined

  constructor(
    tenancy: BullTenancy,
    queue: PlainQueue<any, Result, Name>,
    jobs: Jobs,
    turns: Turns | undefined,
    onSchedule: ScheduleListener | undefined,
  ) {
    this.name = queue.name
    this.#tenancy = tenancy
    this.#queue = queue
    this.#jobs = jobs
    this.#turns = turns
    this.#onSchedule = onSchedule
  }

  async add(name: Name, data: Data, opts?: TenantJobOptions): Promise<Job<Data, Result, Name>> {
    const [job] = await this.#add(this.#scope(), [{ name, data, ...(opts !== undefined && { opts }) }], false)
    return job!
  }

  async addBulk(jobs: readonly NewJob<Data, Name>[]): Promise<Job<Data, Result, Name>[]> {
    if (!Array.isArray(jobs))
      throw new TenancyError('INVALID_ARGUMENT', `addBulk takes a list of jobs; it got ${seen(jobs)}.`, {
        details: { what: 'addBulk', option: 'jobs', seen: seen(jobs) },
      })
    return this.#add(this.#scope(), jobs, true)
  }

  async upsertJobScheduler(
    id: string,
    repeat: Omit<RepeatOptions, 'key'>,
    template: { readonly name: Name; readonly data: Data; readonly opts?: JobSchedulerTemplateOptions },
  ): Promise<Job<Data, Result, Name> | undefined> {
    const scope = this.#scope()
    assertNewJob(this.name, template)
    const { name, data, opts } = template
    if (this.#turns !== undefined) assertNoOrder('upsertJobScheduler', opts)
    const repeatJobKey = idInScope(keyOfScope(scope), 'upsertJobScheduler', 'id', id)
    const stamped = this.#jobs.stampFor(scope, stampedFor(this.name, { name, repeatJobKey }), data)
    const job = await this.#queue.upsertJobScheduler(repeatJobKey as Name, repeat, {
      name,
      data: stamped,
      opts: { ...opts, ...(this.#turns !== undefined && { priority: noTurnYet }) },
    })
    return job && this.#opened(job, scope)
  }

  async removeJobScheduler(id: string): Promise<boolean> {
    return this.#queue.removeJobScheduler(idInScope(keyOfScope(this.#scope()), 'removeJobScheduler', 'id', id))
  }

  async getJob(id: string): Promise<Job<Data, Result, Name> | undefined> {
    const scope = this.#scope()
    const key = keyOfScope(scope)
    const job = await this.#queue.getJob(isIdOf(key, id) ? id : idInScope(key, 'getJob', 'id', id))
    return job && this.#opened(job, scope)
  }

  async schedule(name: Name, schedule: TenantSchedule): Promise<void> {
    await enqueueBy(
      { tenancy: this.#tenancy, queue: this.#queue, jobs: this.#jobs, onSchedule: this.#onSchedule },
      { name, schedule },
      async ({ tenant, startAt, id, data }) => {
        const opts = { jobId: id, delay: Math.max(0, startAt.getTime() - Date.now()) }
        await this.#add({ kind: 'tenant', tenant }, [{ name, data: data as Data, opts }], false)
      },
    )
  }

  async jobsOf(ref: TenantRef, options: FindJobsOptions = {}): Promise<TenantJobs<Data, Result, Name>> {
    const found = await findJobs(this.#queue, await tenantIdOf(this.#tenancy, ref), options)
    for (const job of found.jobs) openJob(job)
    return found as TenantJobs<Data, Result, Name>
  }

  async removeJobsOf(ref: TenantRef): Promise<RemovedJobs> {
    return removeJobs(this.#queue, await tenantIdOf(this.#tenancy, ref))
  }

  /** The scope of what is added: the one at the time of the call. */
  #scope(): ScopeLike {
    const scope = this.#tenancy.scope()
    // `stamp` refuses what is added outside of every scope.
    if (scope === undefined) this.#jobs.stamp(this.name, null)
    return scope!
  }

  async #add(scope: ScopeLike, given: readonly NewJob<Data, Name>[], isBulk: boolean): Promise<Job<Data, Result, Name>[]> {
    const key = keyOfScope(scope)
    // Stamped before anything is awaited: the caller may change the data after the call.
    const jobs = given.map((job) => {
      const stamped = stampedJob(this.#jobs, scope, this.name, job)
      if (this.#turns !== undefined) assertNoOrder('add', job.opts)
      return stamped
    })
    const now = jobs.filter(({ opts }) => !(Number(opts.delay) > 0))
    const turns = (now.length > 0 && (await this.#turns?.next(key, now.length))) || []
    const inTurn = jobs.map(({ name, data, opts }) => {
      const turn = this.#turns && (Number(opts.delay) > 0 ? noTurnYet : turns.shift()!)
      return { name, data: data as Data, opts: { ...opts, ...(turn !== undefined && { priority: turn }) } }
    })
    const [first] = inTurn
    const added = isBulk
      ? await this.#queue.addBulk(inTurn as never)
      : [await this.#queue.add(first!.name, first!.data, first!.opts as JobsOptions)]
    return added.map((job) => this.#opened(job, scope))
  }

  #opened(job: Job, scope: ScopeLike): Job<Data, Result, Name> {
    openJob(job)
    stampUpdates(job, this.name, this.#jobs, scope)
    return job as Job<Data, Result, Name>
  }
}
