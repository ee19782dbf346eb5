/** A worker of BullMQ that enters the scope of each job: its processor, its signal and the listeners of its events run there. A job that is refused does not run. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Job, Worker } from 'bullmq'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import { createJobs, isRefused, type Jobs, type JobScope, type JobSecrets } from '../shared/jobs.ts'
import { keyOfScope } from '../shared/scope-key.ts'
import type { BullTenancy } from './bull-tenancy.ts'
import { stampedFor } from './job-ids.ts'
import { openJob, stampUpdates } from './opened-job.ts'
import { isTick, tick } from './schedule-ticks.ts'
import { noTurnYet, turnsOf, type Turns } from './turns.ts'
import { assertUsable } from './usable.ts'

export interface TenantWorkerOptions extends JobSecrets {
  /** As the queue has it. @default true */
  fair?: boolean
  /** How long a job waits whose tenant cannot be entered for now: in maintenance, or without a database. It uses up no attempt. @default 10_000 */
  laterMs?: number
}

/**
 * Lets a worker work on the jobs of `tenantQueue` and `tenantFlows`. Wrap it where it is made, when the process starts, outside of every scope. Returns the same worker.
 *
 * A job that is refused (`JOB_REFUSED`) goes to the failed jobs at once, whatever its attempts. One whose tenant is in maintenance waits.
 * @example
 * const worker = tenantWorker(
 *   tenancy,
 *   new Worker<{ to: string }>('mails', async (job) => tenancy.pool.query('insert into sent (mail) values ($1)', [job.data.to]), { connection }),
 *   { secret: process.env.JOB_SECRET! },
 * )
 * @throws TenancyError INVALID_OPTION
 */
export function tenantWorker<W extends Worker<any, any, any, any, any, any>>(
  tenancy: BullTenancy,
  worker: W,
  options: TenantWorkerOptions,
): W {
  try {
    return new ScopedWorker(tenancy, worker as unknown as OpenWorker, options).worker as unknown as W
  } catch (error) {
    // It runs already, and would work on jobs without their scopes.
    if (!wrapped.has(worker)) stop(worker as unknown as Partial<OpenWorker> | undefined, error)
    throw error
  }
}

/** A worker with the parts that BullMQ keeps for classes that extend it. */
interface OpenWorker {
  readonly name: string
  readonly qualifiedName: string
  opts: { readonly settings?: { readonly backoffStrategy?: BackoffStrategy } }
  readonly jobScheduler: Promise<{ removeJobScheduler(id: string): Promise<unknown> }>
  callProcessJob(job: Job, token: string, signal?: AbortSignal): Promise<unknown>
  emit(event: string, ...args: unknown[]): boolean
  listenerCount(event: string): number
  close(force?: boolean): Promise<void>
  getBackend(): unknown
}

type BackoffStrategy = (attempts: number, type?: string, error?: Error, job?: Job) => number | Promise<number>

const wrapped = new WeakSet<object>()

type RunInScope = <T>(fn: () => T) => T

class ScopedWorker {
  readonly worker: OpenWorker
  readonly #tenancy: BullTenancy
  readonly #jobs: Jobs
  readonly #turns: Turns | undefined
  readonly #laterMs: number
  readonly #callProcessJob: OpenWorker['callProcessJob']
  readonly #emit: OpenWorker['emit']
  /** Runs code where no tenant is: the worker was made there. */
  readonly #outside = AsyncLocalStorage.snapshot()
  /** Of the jobs that were entered. Null: they were refused. */
  readonly #scopes = new WeakMap<Job, RunInScope | null>()

  constructor(tenancy: BullTenancy, worker: OpenWorker, options: TenantWorkerOptions) {
    assertKnownKeys('tenantWorker', options, ['secret', 'secrets', 'fair', 'laterMs'], 'INVALID_OPTION')
    const { fair, laterMs = 10_000, ...secrets } = options
    this.#jobs = createJobs('tenantWorker', tenancy, secrets)
    assertWholeNumber('INVALID_OPTION', '"laterMs" of tenantWorker', 'laterMs', laterMs, { least: 1 })
    assertUsable('tenantWorker', 'a Worker of BullMQ', worker, ['callProcessJob', 'emit', 'getBackend'])
    assertFresh(tenancy, worker)
    this.#turns = turnsOf('tenantWorker', { backend: worker.getBackend(), fair })
    this.#tenancy = tenancy
    this.#laterMs = laterMs
    this.worker = worker
    this.#callProcessJob = worker.callProcessJob
    this.#emit = worker.emit
    worker.callProcessJob = (job, token, signal) => this.#work(job, token, signal)
    worker.emit = (event, ...args) => this.#emitInScope(event, args)
    const backoffStrategy = worker.opts.settings?.backoffStrategy
    if (backoffStrategy !== undefined)
      worker.opts = {
        ...worker.opts,
        settings: { ...worker.opts.settings, backoffStrategy: this.#backoffInScope(backoffStrategy) },
      }
    wrapped.add(worker)
  }

  async #work(job: Job, token: string, signal: AbortSignal | undefined): Promise<unknown> {
    const stamped = openJob(job)
    let isEntered = false
    try {
      return await this.#jobs.enter([stampedFor(this.worker.name, job)], stamped, async (_data, scope) => {
        isEntered = true
        this.#scopes.set(job, this.#tenancy.bind((fn: () => any) => fn()) as RunInScope)
        stampUpdates(job, this.worker.name, this.#jobs, scope)
        if (scope.kind === 'shared' && isTick(job)) return tick(this.#tenancy, this.worker.qualifiedName)
        await this.#waitForTurn(job, token, scope)
        return Reflect.apply(this.#callProcessJob, this.worker, [job, token, signal && this.#inScope(signal)]) as Promise<unknown>
      })
    } catch (error) {
      if (isEntered) throw error
      this.#scopes.set(job, null)
      if (isRefused(error)) throw await this.#dead(job, error as TenancyError<'JOB_REFUSED'>)
      await job.moveToDelayed(Date.now() + this.#laterMs, token)
      throw new DelayedError('The tenant of the job cannot be entered for now.', { cause: error })
    }
  }

  /** A job that was due later, or failed before, has no turn or an old one. */
  async #waitForTurn(job: Job, token: string, scope: JobScope): Promise<void> {
    if (this.#turns === undefined || job.priority < noTurnYet) return
    if (job.priority > noTurnYet && job.attemptsMade === 0) return
    const turn = await this.#turns.again(keyOfScope(scope), job.priority)
    if (turn === undefined) return
    await job.changePriority({ priority: turn })
    await job.moveToWait(token)
    throw new WaitingError('The job waits for its turn.')
  }

  /** Listeners of a signal run where it is aborted, which may be the request of another tenant. */
  #inScope(signal: AbortSignal): AbortSignal {
    const ofJob = new AbortController()
    const abort = this.#tenancy.bind(() => ofJob.abort(signal.reason))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    return ofJob.signal
  }

  #backoffInScope(strategy: BackoffStrategy): BackoffStrategy {
    return (attempts, type, error, job) => {
      const run = job && this.#scopes.get(job)
      const ask = (): number | Promise<number> => strategy(attempts, type, error, job)
      return run === undefined || run === null ? this.#outside(ask) : run(ask)
    }
  }

  async #dead(job: Job, refusal: TenancyError<'JOB_REFUSED'>): Promise<Error> {
    // The scheduler of a tenant that is gone would make such a job again and again.
    if (refusal.details.reason === 'unknown' && job.repeatJobKey !== undefined)
      await (await this.worker.jobScheduler).removeJobScheduler(job.repeatJobKey)
    return new UnrecoverableError(refusal.summary, { cause: refusal })
  }

  #emitInScope(event: string, args: readonly unknown[]): boolean {
    const emit = (): boolean => Reflect.apply(this.#emit, this.worker, [event, ...args]) as boolean
    const job = jobOf(args[0])
    if (job === undefined) return this.#outside(emit)
    const stamped = openJob(job)
    const run = this.#scopes.get(job)
    if (run !== undefined && run !== null) return run(emit)
    // BullMQ fails a job that has stalled too often without calling the processor, so its scope was not entered.
    if (event !== 'failed' || run === null || this.worker.listenerCount('failed') === 0) return this.#outside(emit)
    void this.#outside(() =>
      this.#jobs.enter([stampedFor(this.worker.name, job)], stamped, emit).catch(() => this.#outside(emit)),
    )
    return true
  }
}

/** Where a scope is, the loop of the worker would run in it. */
function assertFresh(tenancy: BullTenancy, worker: OpenWorker): void {
  const problem =
    tenancy.scope() !== undefined && tenancy.startTenant === undefined
      ? 'is called in a scope, and the worker would live in it. Make workers when the process starts, outside of every scope.'
      : wrapped.has(worker)
        ? 'has wrapped this worker already.'
        : 'childPool' in worker && worker.childPool !== undefined && worker.childPool !== null
          ? 'refuses a processor in a file: it runs in another process, where no scope can be entered for it. Give the worker a function.'
          : undefined
  if (problem === undefined) return
  throw new TenancyError('INVALID_OPTION', `tenantWorker ${problem}`, { details: { what: 'tenantWorker', option: 'worker' } })
}

function stop(worker: Partial<OpenWorker> | undefined, error: unknown): void {
  if (typeof worker?.callProcessJob !== 'function') return
  worker.callProcessJob = () => Promise.reject(error as Error)
  worker.close?.(true).catch(() => {})
}

function jobOf(value: unknown): Job | undefined {
  const job = value as Partial<Job> | null | undefined
  return typeof job === 'object' && typeof job?.updateData === 'function' && 'data' in job ? (value as Job) : undefined
}

/** BullMQ knows these by their names, whichever copy of it made them. */
class UnrecoverableError extends Error {
  override readonly name = 'UnrecoverableError'
}

class DelayedError extends Error {
  override readonly name = 'DelayedError'
}

class WaitingError extends Error {
  override readonly name = 'WaitingError'
}
