/**
 * What becomes of a request before it reaches a handler: it enters the scope of its tenant, enters the shared scope, goes on outside every
 * scope, or is refused. Every adapter asks this once for each request and does what the answer says.
 */
import { isTenancyError, TenancyError } from '../../errors.ts'
import { seen } from '../../seen.ts'
import { startVariable } from '../../start-variable.ts'
import type { RequestFacts, Resolution } from '../../ports/resolver.ts'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import type { Attributes, Tenant, TenantRef } from '../../types.ts'
import { checkedAdmission, type AdmissionOptions, type UnknownPolicy } from './admission-options.ts'
import { maintenancePass } from './maintenance-pass.ts'
import { markGuard } from './member-guard.ts'
import { countAdmission } from './middleware-mark.ts'
import { problemAnswer, type HttpAnswer } from './problem.ts'
import { refusal, type Refused } from './refusal.ts'

/** The rest of the request runs in a scope, by `run`. */
export interface Entering<A extends object = Attributes> {
  readonly action: 'enter'
  /** Undefined in the shared scope. */
  readonly tenant: Tenant<A> | undefined
  /** The beginning of the path that named the tenant, such as `/t/acme`: the router gets the rest. Absent where the path names none. */
  readonly mount?: string | undefined
  run<T>(fn: () => T): Promise<Awaited<T>>
  /**
   * The same with the tenant as it is by then, for what goes on after the request, such as the messages of a socket. Rejects as `tenancy.run`: a tenant that was
   * suspended or deleted since is not entered.
   */
  again<T>(fn: () => T): Promise<Awaited<T>>
}

/** The rest of the request runs outside every scope; `run` just calls it, for adapters that treat both cases alike. */
export interface Passing {
  readonly action: 'pass'
  readonly tenant: undefined
  readonly mount?: undefined
  run<T>(fn: () => T): Promise<Awaited<T>>
  again<T>(fn: () => T): Promise<Awaited<T>>
}

/** `answer` is sent, and no handler runs. */
export interface Refusing<A extends object = Attributes> {
  readonly action: 'refuse'
  readonly resolution: Refused<A>
  readonly answer: HttpAnswer
}

export type Admission<A extends object = Attributes> = Entering<A> | Passing | Refusing<A>

/** What an adapter calls for each request. `request` is what `authorize` receives; the facts, where it is left out. */
export type Admit<A extends object = Attributes, R = RequestFacts> = (facts: RequestFacts, request?: R) => Promise<Admission<A>>

/** What is asked of a tenancy. */
export type AdmissionTenancy<A extends object = Attributes> = Pick<
  HttpTenancy<A>,
  'resolve' | 'run' | 'runShared' | 'options' | 'tenants' | 'startTenant' | 'tryCurrent' | 'members'
>

/**
 * Makes the function that decides about each request of one app. It rejects with the errors of the resolvers, of `authorize` and of the catalog.
 * Costs what `tenancy.resolve` costs; with a default tenant one more lookup, mostly from the cache.
 * @param what the function that takes these options, for messages about them
 * @example
 * const admit = createAdmission(tenancy, { none: 'shared' })
 * const admission = await admit(nodeFacts(req), req)
 * @throws TenancyError INVALID_OPTION, also when a resolver reads what every client can choose, and nothing says who checks it
 */
export function createAdmission<A extends object, R = RequestFacts>(
  tenancy: AdmissionTenancy<A>,
  options: AdmissionOptions<NoInfer<A>, R> = {},
  what = 'createAdmission',
): Admit<A, R> {
  const admit = admissionOf(tenancy, options, what)
  countAdmission()
  return admit
}

/** The same for upgrades and sockets, which `partywall check --app` does not look for: an application with them may lack the middleware of its requests. */
export function admissionOf<A extends object, R = RequestFacts>(
  tenancy: AdmissionTenancy<A>,
  options: AdmissionOptions<NoInfer<A>, R>,
  what: string,
): Admit<A, R> {
  const { none, unknown, authorize, guard, answers, retryAfterMs, maintenance } = checkedAdmission(what, tenancy, options)
  const maySeeMaintenance = maintenancePass(maintenance)

  return async (facts, request = facts as R) => {
    assertServes(what, tenancy.startTenant)
    if (guard !== undefined) markGuard(request as object, guard)
    const resolution = await authorized(await tenancy.resolve(facts), request)
    switch (resolution.outcome) {
      case 'resolved':
        return entering(resolution.tenant, resolution.mount)
      case 'none':
        if (none === 'pass') return { action: 'pass', tenant: undefined, run: runHere, again: runHere }
        return byPolicy(none, resolution, facts, request)
      case 'unknown':
        return byPolicy(unknown, resolution, facts, request)
      case 'forbidden':
        // As for a tenant that does not exist: who may not enter must not learn that it does.
        return byPolicy(unknown, { outcome: 'unknown', by: resolution.by }, facts, request)
      case 'maintenance':
        // Not a tenant that is still being made, which is refused in the same way.
        if (resolution.tenant.status === 'maintenance' && maySeeMaintenance(resolution, facts))
          return entering(resolution.tenant, resolution.mount, true)
        return refusing(resolution, facts)
      default:
        return refusing(resolution, facts)
    }
  }

  async function authorized(resolution: Resolution<A>, request: R): Promise<Resolution<A>> {
    if (authorize === undefined || !('tenant' in resolution)) return resolution
    // Exactly true: a forgotten `await` gives a promise, which is truthy, and it is awaited here.
    return (await authorize(resolution.tenant, request)) === true ? resolution : { ...resolution, outcome: 'forbidden' }
  }

  async function byPolicy(policy: UnknownPolicy, resolution: Refused<A>, facts: RequestFacts, request: R): Promise<Admission<A>> {
    if (policy === 'shared') {
      const run = <T>(fn: () => T): Promise<Awaited<T>> => tenancy.runShared(fn)
      return { action: 'enter', tenant: undefined, run, again: run }
    }
    if (policy === 'bad-request') return { action: 'refuse', resolution, answer: problemAnswer('TENANT_NOT_NAMED') }
    if (policy === 'refuse') return refusing(resolution, facts)
    const tenant = await defaultTenant(policy.tenant)
    const by = 'the default tenant'
    const entered = await authorized({ outcome: 'resolved', tenant, by }, request)
    return entered.outcome === 'resolved' ? entering(tenant) : refusing({ outcome: 'unknown', by }, facts)
  }

  /** The client is not at fault when it is missing. */
  async function defaultTenant(ref: TenantRef): Promise<Tenant<A>> {
    try {
      return await tenancy.tenants.get(ref)
    } catch (error) {
      if (!isTenancyError(error, 'UNKNOWN_TENANT')) throw error
      const shown = seen(ref, 'quoted')
      throw new TenancyError(
        'INVALID_OPTION',
        `The tenant ${shown}, which ${what} uses for requests without one, does not exist.`,
        {
          cause: error,
          details: { what, option: 'tenant', seen: shown },
        },
      )
    }
  }

  function entering(tenant: Tenant<A>, mount?: string, allowInactive?: true): Entering<A> {
    const run = <T>(fn: () => T): Promise<Awaited<T>> => tenancy.run(tenant, fn, allowInactive && { allowInactive })
    const again = async <T>(fn: () => T): Promise<Awaited<T>> => {
      const newest = await tenancy.tenants.get({ id: tenant.id })
      // Who was let in to a tenant in maintenance is not let in to one that is suspended.
      const isAllowed = allowInactive && newest.status === 'maintenance'
      return tenancy.run(newest, fn, isAllowed ? { allowInactive } : undefined)
    }
    return { action: 'enter', tenant, mount, run, again }
  }

  async function refusing(resolution: Refused<A>, facts: RequestFacts): Promise<Refusing<A>> {
    const page = await answers[resolution.outcome as keyof typeof answers]?.(resolution as never, facts)
    return { action: 'refuse', resolution, answer: page ?? refusal(resolution, { retryAfterMs }) }
  }
}

/** A request without a tenant would otherwise run in the one that the process was started for. */
function assertServes(what: string, startTenant: string | undefined): void {
  if (startTenant === undefined) return
  throw new TenancyError(
    'INVALID_OPTION',
    `${what} serves no requests in a process that was started for one tenant: ${startVariable} is set. Unset it for a server.`,
    { details: { what, option: startVariable, seen: startTenant } },
  )
}

async function runHere<T>(fn: () => T): Promise<Awaited<T>> {
  return await fn()
}
