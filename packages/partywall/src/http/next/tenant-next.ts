/** Runs server components, server actions and route handlers in the scope of the tenant of their request. */
import { tenancyErrorOf, type TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import { warnIfUntested } from '../../tested-versions.ts'
import type { Attributes, Tenant } from '../../types.ts'
import { createAdmission, type Entering, type Passing } from '../shared/admission.ts'
import { admissionKeys, type AdmissionOptions, type UnknownPolicy } from '../shared/admission-options.ts'
import { bindBody, bindSignal } from '../shared/context.ts'
import { errorAnswer, refusal } from '../shared/refusal.ts'
import { noteMount } from '../shared/request-mount.ts'
import { markRequest } from '../shared/request-property.ts'
import { inCall, type NextCall } from './call.ts'
import { callFacts, callKeys, type NextCallOptions } from './call-facts.ts'
import { interrupt } from './interrupts.ts'
import { RefusedCall } from './refused-call.ts'
import { responseOf } from './response-of.ts'
import { tenantCacheOf, type TenantCache } from './tenant-cache.ts'

export interface TenantNextOptions<A extends object = Attributes> extends AdmissionOptions<A, NextCall>, NextCallOptions {
  /** Receives each TenancyError that a route handler answers with 500 or more. @default console.error */
  log?: (error: TenancyError, call: NextCall) => void
}

/** Options with which every call has a tenant. */
export interface WithTenantAlways<A extends object = Attributes> extends TenantNextOptions<A> {
  none?: Exclude<UnknownPolicy, 'shared'>
  unknown?: Exclude<UnknownPolicy, 'shared'>
}

/** What the adapter calls of a tenancy. */
export interface NextTenancy<A extends object = Attributes> extends HttpTenancy<A> {
  current(): Tenant<A>
}

/** `T` is the tenant; undefined on the shared side. */
export interface TenantNext<T> extends TenantCache {
  /**
   * For server components, server actions and all else that Next.js gives no request: runs `fn` in the scope of the tenant that the headers of the request name. A request without a
   * tenant ends with `notFound()`, one for a suspended tenant with `forbidden()`, one for a tenant in maintenance with a `RefusedCall`. It makes the page dynamic.
   * @example const projects = await withTenant(() => prisma.project.findMany())
   * @throws RefusedCall where Next.js has no page for the refusal
   */
  withTenant<R>(fn: (tenant: T) => R): Promise<Awaited<R>>
  /**
   * For route handlers: runs the handler, and the body of its response, in the scope of the tenant. A refusal is a problem document, and so is a TenancyError. Every other error goes on
   * to Next.js, which answers it with 500 and without its message.
   * @example export const GET = tenantRoute(async (request, { params }, tenant) => Response.json(await list(tenant)))
   */
  tenantRoute<Req extends Request = Request, Context = RouteContext>(
    handler: (request: Req, context: Context, tenant: T) => Response | Promise<Response>,
  ): (request: Req, context: Context) => Promise<Response>
  /**
   * For server actions: the same function, run as by `withTenant`. An action is an address that every client can call with any arguments, so guard it with `requireMember`.
   * @example export const addProject = tenantAction(async (form: FormData) => { … })
   */
  tenantAction<Args extends unknown[], R>(fn: (...args: Args) => R): (...args: Args) => Promise<Awaited<R>>
}

/** What Next.js passes to a handler beside the request. */
export interface RouteContext {
  readonly params: Promise<any>
}

/**
 * Makes the functions of an app, once, in a module beside its tenancy.
 * @example export const { withTenant, tenantRoute, tenantAction, tenantCache, tenantCacheKey } = tenantNext(tenancy)
 * @throws TenancyError INVALID_OPTION
 */
export function tenantNext<A extends object>(
  tenancy: NextTenancy<A>,
  options?: WithTenantAlways<NoInfer<A>>,
): TenantNext<Tenant<A>>
export function tenantNext<A extends object>(
  tenancy: NextTenancy<A>,
  options: TenantNextOptions<NoInfer<A>>,
): TenantNext<Tenant<A> | undefined>
export function tenantNext<A extends object>(
  tenancy: NextTenancy<A>,
  options: TenantNextOptions<NoInfer<A>> = {},
): TenantNext<any> {
  assertKnownKeys('tenantNext', options, [...admissionKeys, ...callKeys, 'log'], 'INVALID_OPTION')
  warnIfUntested('next')
  const { claims: _claims, host: _host, secret: _secret, log = toConsole, ...admissionOptions } = options
  const limits = { ...(options.retryAfterMs !== undefined && { retryAfterMs: options.retryAfterMs }) }
  const factsOf = callFacts('tenantNext', options)
  const admit = createAdmission<A, NextCall>(tenancy, admissionOptions, 'tenantNext')

  /** Runs `fn` for a call that is let in. @throws RefusedCall */
  async function enter<R>(call: NextCall, fn: (tenant: Tenant<A> | undefined) => R): Promise<Awaited<R>> {
    const facts = factsOf(call)
    if (facts === undefined) throw new RefusedCall(refusal({ outcome: 'invalid' }))
    const admission = await admit(facts, call)
    if (admission.action === 'refuse') throw new RefusedCall(refusal(admission.resolution, limits), admission.answer)
    mark(call, admission)
    return admission.run(() => inCall(call, () => fn(admission.tenant)))
  }

  async function withTenant<R>(fn: (tenant: Tenant<A> | undefined) => R): Promise<Awaited<R>> {
    const { headers } = await import('next/headers.js')
    const call = { headers: await headers() }
    try {
      return await enter(call, fn)
    } catch (error) {
      if (error instanceof RefusedCall) return interrupt(error)
      throw error
    }
  }

  return Object.freeze<TenantNext<any>>({
    ...tenantCacheOf(tenancy),
    withTenant,
    tenantAction:
      <Args extends unknown[], R>(fn: (...args: Args) => R) =>
      async (...args: Args): Promise<Awaited<R>> =>
        withTenant(() => fn(...args)),
    tenantRoute: (handler) => async (request, context) => {
      const call = { headers: request.headers, request }
      try {
        return await enter(call, async (tenant) => {
          bindSignal(tenancy, request.signal)
          const response = await handler(request, context, tenant)
          return response.body === null ? response : new Response(bindBody(tenancy, response.body), response)
        })
      } catch (error) {
        if (error instanceof RefusedCall) return responseOf(error.answer)
        const answer = errorAnswer(error, limits)
        // Also what redirect() and notFound() throw. Next.js reports an error to `onRequestError`, and its answer says nothing.
        if (answer === undefined) throw asError(error)
        if (answer.status >= 500) log(tenancyErrorOf(error)!, call)
        return responseOf(answer)
      }
    },
  })
}

/** For the guards, which run inside of the call. */
function mark(call: NextCall, { tenant, mount }: Entering<any> | Passing): void {
  markRequest('tenantNext', call, false, tenant)
  noteMount(call, mount)
}

/** Next.js reads properties of what was thrown. */
function asError(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? error : new Error('The request failed.', { cause: error })
}

function toConsole(error: TenancyError): void {
  // oxlint-disable-next-line no-console -- as Next.js does with errors that no handler answers
  console.error(error)
}
