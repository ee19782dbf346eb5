/** Work in every selected tenant, a few at a time. A failure in one tenant is an entry of the report, like every other outcome. */
import { isTenancyError, TenancyError } from '../errors.ts'
import { assertKnownKeys } from '../known-keys.ts'
import type { Attributes, FleetEntry, FleetReport, Tenant, TenantSelection } from '../types.ts'
import { assertWholeNumber, mostTimeoutMs } from '../whole-number.ts'
import { assertCallback, assertSignal } from './given-options.ts'
import { assertOnFailure } from './on-failure.ts'
import { Progress, type FleetProgress } from './progress.ts'
import { makeReport } from './report.ts'
import { checkedResume, Leases, type CheckedResume, type ResumeOption, type WorkRecord } from './resume.ts'
import { streamed, type StreamAttempt } from './stream.ts'

export interface ForEachOptions extends TenantSelection {
  /** How many tenants at a time. Each holds a connection while its work queries. 1 or more. @default 4 */
  readonly concurrency?: number | undefined
  /** Whether work starts in further tenants after a failure. @default 'continue' */
  readonly onFailure?: 'continue' | 'stop' | undefined
  /** After how many tenants have failed no further one starts. 1 or more. @default no limit; 1 with `onFailure: 'stop'` */
  readonly maxFailures?: number | undefined
  /** How often the work of a tenant is tried again after a failure, before the tenant counts as failed. 0 to 100. @default 0 */
  readonly retries?: number | undefined
  /** Milliseconds before the first retry; each further one waits twice as long, 30 seconds at most. 1 or more. @default 500 */
  readonly retryDelayMs?: number | undefined
  /** Milliseconds after which no further tenant starts. What runs is not ended: its `signal` is aborted. @default no limit */
  readonly timeLimitMs?: number | undefined
  /** When it is aborted, no further tenant starts, and the `signal` of what runs is aborted, too. */
  readonly signal?: AbortSignal | undefined
  /** Called after each tenant. An error that it throws becomes a warning. */
  readonly onProgress?: ((progress: FleetProgress) => void) | undefined
  /**
   * A key under which the catalog records which tenants are done: the same call with the same key does only the others, also after a crash, and two processes
   * share the tenants. Costs two statements for each tenant. @default nothing is recorded
   */
  readonly resume?: string | ResumeOption | undefined
  /** Also enters tenants that are refused with NAME_IN_BOTH_SCOPES or TENANT_BEHIND, as in `tenancy.run`. @default false */
  readonly repair?: boolean | undefined
}

/** What the work of one tenant is told beside the tenant. */
export interface TenantTurn {
  /** 1 for the first attempt; with `resume`, attempts of earlier calls count, too. */
  readonly attempt: number
  /** Aborted when the work should end: by the option `signal`, by the time limit, or because another process has taken the tenant over. */
  readonly signal: AbortSignal
}

export interface ForEachEntry<T> extends FleetEntry {
  /** What the function returned for this tenant, when it is done. */
  readonly value?: T
  /** An earlier call with the same key of `resume`, or another process, did it: there is no value. */
  readonly isEarlier?: true
  /** How many attempts this call made. Absent: one. */
  readonly attempts?: number
}

/** What fleet work needs of the front. */
export interface ForEachParts<A extends object> {
  /** The tenants of a selection, in the order in which they get their turn. */
  select(selection: TenantSelection): Promise<Tenant<A>[]>
  /** The same one page after another. */
  pages(selection: TenantSelection): Promise<{ readonly tenants: AsyncIterable<Tenant<A>>; count(): Promise<number> }>
  /** The record of resumable work. */
  record(resume: CheckedResume): Promise<WorkRecord>
}

type Enter<A extends object, T> = (tenant: Tenant<A>, turn: TenantTurn) => Promise<T>

/**
 * Runs `fn` once per tenant through `enter`. A failure in a tenant does not reject the promise: look at `ok` of the report.
 * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND before any tenant is entered
 */
export async function forEachTenant<A extends object = Attributes, T = unknown>(
  parts: Pick<ForEachParts<A>, 'select'> & Partial<Pick<ForEachParts<A>, 'record'>>,
  enter: Enter<A, T>,
  options: ForEachOptions = {},
): Promise<FleetReport<ForEachEntry<T>>> {
  const { selection, ...checked } = checkedOptions('forEach', options, parts.record !== undefined)
  const started = performance.now()
  const fleet = await parts.select(selection)
  const entries = new Map<string, ForEachEntry<T>>()
  const work = { fleet, count: async () => fleet.length, listsRest: true }
  for await (const entry of entriesOf(parts, enter, checked, work)) entries.set(entry.tenantId!, entry)
  return makeReport(
    fleet.map(({ id }) => entries.get(id)!),
    performance.now() - started,
  )
}

/**
 * The same as a stream: each entry when its tenant has ended, with flat memory. Tenants that had no turn have no entry.
 * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND with the first entry that is asked for
 */
export async function* eachTenant<A extends object = Attributes, T = unknown>(
  parts: Pick<ForEachParts<A>, 'pages' | 'record'>,
  enter: Enter<A, T>,
  options: ForEachOptions = {},
): AsyncGenerator<ForEachEntry<T>, void, undefined> {
  const { selection, ...checked } = checkedOptions('each', options, true)
  const { tenants, count } = await parts.pages(selection)
  yield* entriesOf(parts, enter, checked, { fleet: tenants, count, listsRest: false })
}

interface Fleet<A extends object> {
  readonly fleet: Iterable<Tenant<A>> | AsyncIterable<Tenant<A>>
  count(): Promise<number>
  readonly listsRest: boolean
}

async function* entriesOf<A extends object, T>(
  parts: Partial<Pick<ForEachParts<A>, 'record'>>,
  enter: Enter<A, T>,
  options: CheckedOptions,
  { fleet, count, listsRest }: Fleet<A>,
): AsyncGenerator<ForEachEntry<T>, void, undefined> {
  const { concurrency, maxFailures, timeLimitMs, resume, onProgress } = options
  const progress = new Progress(onProgress, onProgress === undefined ? undefined : await count())
  const record = resume && (await parts.record?.(resume))
  const leases = record && new Leases(record, resume!.leaseMs)
  const signals = [options.signal, timeLimitMs === undefined ? undefined : AbortSignal.timeout(timeLimitMs)]
  const given = signals.filter((signal) => signal !== undefined)
  const signal = given.length === 0 ? undefined : AbortSignal.any(given)
  const attempt = attemptOf(enter, options, signal, leases)
  try {
    const entries = streamed(fleet, {
      size: concurrency,
      maxFailures,
      signal,
      attempt,
      skip: (tenant): ForEachEntry<T> => ({ ...targetOf(tenant), state: 'skipped', durationMs: 0 }),
      listsRest,
    })
    for await (const entry of entries) {
      progress.note(entry.state)
      yield entry
    }
  } finally {
    leases?.close()
    // The audit then lacks the end of this call, as after a crash; what the call has done is recorded, and reported.
    await record?.close(progress.counts).catch(() => {})
  }
}

/** While another process holds the tenant, it is asked again after this time. */
const heldMs = 500

function attemptOf<A extends object, T>(
  enter: Enter<A, T>,
  { retries, retryDelayMs }: CheckedOptions,
  signal: AbortSignal | undefined,
  leases: Leases | undefined,
): (tenant: Tenant<A>, tries: number) => Promise<StreamAttempt<ForEachEntry<T>>> {
  return async (tenant, tries) => {
    const started = performance.now()
    const attempts = tries === 0 ? {} : { attempts: tries + 1 }
    const entry = (state: 'done' | 'failed', more: object): StreamAttempt<ForEachEntry<T>> => ({
      entry: { ...targetOf(tenant), state, ...more, ...attempts, durationMs: performance.now() - started },
      isFailed: state === 'failed',
    })
    let isClaimed = false
    try {
      const claim = await leases?.claim(tenant)
      if (claim?.state === 'done') return entry('done', { isEarlier: true })
      if (claim?.state === 'held') return { again: { afterMs: heldMs, isTry: false } }
      if (claim?.state === 'gone') throw gone(tenant)
      isClaimed = claim?.state === 'claimed'
      const turn = {
        attempt: claim?.state === 'claimed' ? claim.attempt : tries + 1,
        signal: anyOf(signal, claim?.lost),
      }
      const value = await enter(tenant, turn)
      if (isClaimed) {
        isClaimed = false
        await leases!.end(tenant, 'done')
      }
      return entry('done', { value })
    } catch (error) {
      // Its record may be out of reach; then its lease ends by itself.
      if (isClaimed) await leases!.end(tenant, 'failed').catch(() => {})
      const mayTryAgain = tries < retries && signal?.aborted !== true && !isTenancyError(error, 'UNKNOWN_TENANT')
      return mayTryAgain ? { again: { afterMs: delayOf(retryDelayMs, tries), isTry: true } } : entry('failed', { error })
    }
  }
}

function gone({ id, schema }: Tenant<any>): TenancyError {
  return new TenancyError('UNKNOWN_TENANT', `The tenant ${JSON.stringify(schema)} was deleted before its turn came.`, {
    details: { by: 'id', ref: id },
  })
}

const longestDelayMs = 30_000

/** Some tenants that failed together do not all come back in the same moment. */
function delayOf(firstMs: number, tries: number): number {
  return Math.min(longestDelayMs, firstMs * 2 ** tries) * (0.5 + Math.random() / 2)
}

const never = new AbortController().signal

function anyOf(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  const given = signals.filter((signal) => signal !== undefined)
  return given.length > 1 ? AbortSignal.any(given) : (given[0] ?? never)
}

function targetOf({ schema, id }: Tenant<any>): Pick<FleetEntry, 'target' | 'tenantId'> {
  return { target: schema, tenantId: id }
}

interface CheckedOptions {
  readonly concurrency: number
  readonly maxFailures: number | undefined
  readonly retries: number
  readonly retryDelayMs: number
  readonly timeLimitMs: number | undefined
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: FleetProgress) => void) | undefined
  readonly resume: CheckedResume | undefined
}

const keys = ['tenants', 'kinds', 'status', 'concurrency', 'onFailure', 'maxFailures', 'retries', 'retryDelayMs'].concat([
  'timeLimitMs',
  'signal',
  'onProgress',
  'repair',
])

function checkedOptions(
  what: string,
  options: ForEachOptions,
  mayResume: boolean,
): CheckedOptions & { readonly selection: TenantSelection } {
  assertKnownKeys(what, options, mayResume ? [...keys, 'resume'] : keys)
  const { concurrency = 4, onFailure = 'continue', maxFailures, retries = 0, retryDelayMs = 500, timeLimitMs, ...rest } = options
  const { signal, onProgress, resume, repair: _, ...selection } = rest
  const whole = (option: string, value: unknown, least: number, most?: number): void =>
    assertWholeNumber('INVALID_ARGUMENT', `"${option}" of ${what}`, option, value, { least, ...(most !== undefined && { most }) })
  whole('concurrency', concurrency, 1)
  assertOnFailure(what, onFailure)
  if (maxFailures !== undefined) whole('maxFailures', maxFailures, 1)
  whole('retries', retries, 0, 100)
  whole('retryDelayMs', retryDelayMs, 1, mostTimeoutMs)
  if (timeLimitMs !== undefined) whole('timeLimitMs', timeLimitMs, 1, mostTimeoutMs)
  assertSignal(what, signal)
  assertCallback(what, 'onProgress', onProgress)
  return {
    selection,
    concurrency,
    maxFailures: maxFailures ?? (onFailure === 'stop' ? 1 : undefined),
    retries,
    retryDelayMs,
    timeLimitMs,
    signal,
    onProgress,
    resume: checkedResume(what, resume),
  }
}
