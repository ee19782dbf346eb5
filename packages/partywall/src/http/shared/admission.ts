/**
 * What becomes of a request before it reaches a handler: it enters the scope of its tenant, enters the shared scope, goes on outside every
 * scope, or is refused. Every adapter asks this once for each request and does what the answer says.
 */
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { seen } from '../../seen.ts'
import type { RequestFacts } from '../../ports/resolver.ts'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import type { Attributes, Tenant } from '../../types.ts'
import { countAdmission } from './middleware-mark.ts'
import type { HttpAnswer } from './problem.ts'
import { checkedRetryAfter, refusal, type RefusalOptions, type Refused } from './refusal.ts'

export interface AdmissionOptions extends RefusalOptions {
  /**
   * What happens to a request that names no tenant: it is refused with 404; it goes on in the shared schema; or it goes on
   * outside every scope, for an app that has pages without any database. @default 'refuse'
   */
  none?: 'refuse' | 'shared' | 'pass'
}

/** The rest of the request runs in a scope, by `run`. */
export interface Entering<A extends object = Attributes> {
  readonly action: 'enter'
  /** Undefined in the shared scope. */
  readonly tenant: Tenant<A> | undefined
  run<T>(fn: () => T): Promise<Awaited<T>>
}

/** The rest of the request runs outside every scope; `run` just calls it, for adapters that treat both cases alike. */
export interface Passing {
  readonly action: 'pass'
  readonly tenant: undefined
  run<T>(fn: () => T): Promise<Awaited<T>>
}

/** `answer` is sent, and no handler runs. */
export interface Refusing<A extends object = Attributes> {
  readonly action: 'refuse'
  readonly resolution: Refused<A>
  readonly answer: HttpAnswer
}

export type Admission<A extends object = Attributes> = Entering<A> | Passing | Refusing<A>

/**
 * Makes the function that decides about each request of one app. It rejects with the errors of the resolvers and of the catalog.
 * @param what the function that takes these options, for messages about them
 * @example
 * const admit = createAdmission(tenancy, { none: 'shared' })
 * const admission = await admit(nodeFacts(req))
 * @throws TenancyError INVALID_OPTION
 */
export function createAdmission<A extends object>(
  tenancy: Pick<HttpTenancy<A>, 'resolve' | 'run' | 'runShared'>,
  options: AdmissionOptions = {},
  what = 'createAdmission',
): (facts: RequestFacts) => Promise<Admission<A>> {
  assertTenancy(what, tenancy)
  assertKnownKeys(what, options, ['none', 'retryAfterMs'], 'INVALID_OPTION')
  const none = checkedNone(what, options.none ?? 'refuse')
  const retryAfterMs = checkedRetryAfter(what, options)
  countAdmission()

  return async (facts) => {
    const resolution = await tenancy.resolve(facts)
    if (resolution.outcome === 'resolved') {
      const { tenant } = resolution
      return { action: 'enter', tenant, run: (fn) => tenancy.run(tenant, fn) }
    }
    if (resolution.outcome === 'none' && none === 'shared') {
      return { action: 'enter', tenant: undefined, run: (fn) => tenancy.runShared(fn) }
    }
    if (resolution.outcome === 'none' && none === 'pass') {
      return { action: 'pass', tenant: undefined, run: runHere }
    }
    return { action: 'refuse', resolution, answer: refusal(resolution, { retryAfterMs }) }
  }
}

async function runHere<T>(fn: () => T): Promise<Awaited<T>> {
  return await fn()
}

/** At the start of the app, not at its first request: there the error would be a TypeError without a name of this package. */
function assertTenancy(what: string, given: Partial<Pick<HttpTenancy, 'resolve' | 'run'>> | undefined): void {
  if (typeof given?.resolve === 'function' && typeof given.run === 'function') return
  throw new TenancyError(
    'INVALID_OPTION',
    `${what} takes a tenancy first, the result of createTenancy(config); it got ${seen(given)}.`,
    {
      details: { what, option: 'tenancy', seen: seen(given) },
    },
  )
}

function checkedNone(what: string, none: unknown): NonNullable<AdmissionOptions['none']> {
  if (none === 'refuse' || none === 'shared' || none === 'pass') return none
  const shown = seen(none, 'quoted')
  throw new TenancyError('INVALID_OPTION', `"none" of ${what} must be 'refuse', 'shared' or 'pass'; it is ${shown}.`, {
    details: { option: 'none', seen: shown },
  })
}
