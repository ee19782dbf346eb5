/**
 * partywall/hono, for Hono 4, on Node.js (@hono/node-server) and wherever Hono gets a web `Request`. `tenantMiddleware` gives each request its tenant and
 * runs everything behind it in the tenant's scope, the body of the response included.
 *
 * Not isolated by it: what is kept outside of a request (module variables, your caches), and middlewares before it.
 */
import '../node-version.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import { assertKnownKeys } from '../known-keys.ts'
import type { HttpTenancy } from '../ports/tenancy-like.ts'
import { warnIfUntested } from '../tested-versions.ts'
import type { Attributes, MemberRequirement, RequestProperty } from '../types.ts'
import { createAdmission } from './shared/admission.ts'
import { admissionKeys, type AdmissionOptions } from './shared/admission-options.ts'
import { bindBody, bindEvents } from './shared/context.ts'
import { nodeFacts, webFacts } from './shared/facts.ts'
import { assertHealth, healthAnswer, type HealthHandlerOptions, type HealthTenancy } from './shared/health.ts'
import { guardRequest } from './shared/member-guard.ts'
import { markErrors, markScope } from './shared/middleware-mark.ts'
import { problemAnswer, type HttpAnswer } from './shared/problem.ts'
import { anyErrorAnswer, checkedRetryAfter, refusal, type RefusalOptions } from './shared/refusal.ts'
import { noteMount, tenantPath as pathOf } from './shared/request-mount.ts'
import { checkedProperty, isTenantRequest, markRequest, type TenantOfRequest } from './shared/request-property.ts'
import { routeRequest, sentUrl } from './shared/routed-url.ts'

export type * from './shared/adapter-types.ts'
export type { HealthHandlerOptions, HealthTenancy } from './shared/health.ts'
export { memberOf } from './shared/member-guard.ts'
export interface TenantMiddlewareOptions<A extends object = Attributes> extends AdmissionOptions<A, Context> {
  /** The claims of a token that an earlier middleware verified, for byClaim and resolvers of your own. @default none */
  claims?: (c: Context) => Readonly<Record<string, unknown>> | undefined
  /** The host, where a proxy that you trust passes it in another header. @default the Host of the request */
  host?: (c: Context) => string | undefined
  /** The variable that holds the tenant; `false` sets none. Any other value than 'tenant' must be registered as `requestProperty`. @default 'tenant' */
  property?: RequestProperty
}

declare module 'hono' {
  // oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface -- inherited, so that an application may declare the variable itself
  interface ContextVariableMap extends TenantOfRequest {}
}

/**
 * Resolves the tenant, sets `c.var.tenant`, and runs every middleware and handler behind it in the tenant's scope.
 * @example app.use(tenantMiddleware(tenancy))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantMiddleware<A extends object>(
  tenancy: HttpTenancy<A>,
  options: TenantMiddlewareOptions<NoInfer<A>> = {},
): MiddlewareHandler {
  assertKnownKeys('tenantMiddleware', options, [...admissionKeys, 'claims', 'host', 'property'], 'INVALID_OPTION')
  warnIfUntested('hono')
  const { claims, host, property: chosen, ...admissionOptions } = options
  const property = checkedProperty('tenantMiddleware', chosen)
  const admit = createAdmission<A, Context>(tenancy, admissionOptions, 'tenantMiddleware')

  return markScope<MiddlewareHandler>(async (c, next) => {
    // The request of node:http shows several Host lines, and a host in the request line. There is none in app.request() of a test.
    const { incoming, outgoing } = (c.env ?? {}) as OfNode
    const known = { host: host?.(c), claims: claims?.(c) }
    const admission = await admit(incoming === undefined ? webFacts(c.req.raw, known) : nodeFacts(incoming, known), c)
    if (admission.action === 'refuse') return responseOf(admission.answer)
    if (admission.mount === undefined && sentUrl(c.req.raw) !== undefined) return responseOf(refusal({ outcome: 'unknown' }))
    return admission.run(async () => {
      const variables = {}
      markRequest('tenantMiddleware', c, false, admission.tenant)
      markRequest('tenantMiddleware', variables, property, admission.tenant)
      if (property !== false) c.set(property as never, Reflect.get(variables, property) as never)
      noteMount(c, admission.mount)
      if (incoming !== undefined && outgoing !== undefined) bindEvents(tenancy, incoming, outgoing)
      await next()
      if (!isPlain(c.res) && c.res.body !== null) c.res = new Response(bindBody(tenancy, c.res.body), c.res)
    })
  })
}

/**
 * For the option `getPath` of `new Hono()`, where byPath names the tenant: routes are written without that part of the path.
 * @example const app = new Hono({ getPath: tenantUrls(tenancy) })
 */
export function tenantUrls(tenancy: Pick<HttpTenancy, 'options'>): (request: Request) => string {
  return (request) => routeRequest(tenancy, request, new URL(request.url).pathname)
}

/** A path as the browser must ask for it: with the part that names the tenant, where the path does. @example c.redirect(tenantPath(c, '/polls')) */
export function tenantPath(c: Context, path: string): string {
  return pathOf(c, path)
}

/** For tenants' routes in an app with `none: 'shared'` or `'pass'`: without a tenant they answer 404. */
export function requireTenant(): MiddlewareHandler {
  return async (c, next) => (isTenantRequest('requireTenant', c) ? next() : responseOf(problemAnswer('TENANT_REQUIRED')))
}

/** For routes of the shared side (sign-up, billing, admin): on a tenant's side they answer 404. */
export function requireShared(): MiddlewareHandler {
  return async (c, next) => (isTenantRequest('requireShared', c) ? responseOf(problemAnswer('SHARED_REQUIRED')) : next())
}

/**
 * For routes of members: 401 where no one is signed in, 403 for a user who is not a member of the tenant, or has none of the roles, or lacks one of the permissions. An owner
 * passes. It needs the option `user` of `tenantMiddleware`. Behind it, `memberOf(c)` is the member.
 * @example app.delete('/polls/:id', requireMember({ can: 'polls.write' }), remove)
 */
export function requireMember(required: MemberRequirement = {}): MiddlewareHandler {
  return async (c, next) => {
    const { answer } = await guardRequest<Context>('requireMember', c, required)
    return answer === undefined ? next() : responseOf(answer)
  }
}

/**
 * Answers a health check. Give its route in front of `tenantMiddleware`: it has no tenant.
 * @example app.get('/ready', healthHandler(tenancy))
 * @throws TenancyError INVALID_OPTION
 */
export function healthHandler(tenancy: HealthTenancy, options: HealthHandlerOptions = {}): (c: Context) => Promise<Response> {
  assertHealth('healthHandler', tenancy, options)
  return async () => responseOf(await healthAnswer(tenancy, options))
}

export interface TenancyErrorsOptions extends RefusalOptions {
  /** Receives each error that is answered with 500 or more. @default console.error */
  log?: (error: Error, c: Context) => void
}

/**
 * For `app.onError`: a TenancyError is answered by its code, also one inside an error of an ORM; an HTTPException with its own response; every
 * other error with 500 and without its message.
 * @example app.onError(tenancyErrors())
 * @throws TenancyError INVALID_OPTION
 */
export function tenancyErrors(options: TenancyErrorsOptions = {}): (error: Error, c: Context) => Response {
  assertKnownKeys('tenancyErrors', options, ['log', 'retryAfterMs'], 'INVALID_OPTION')
  const { log = toConsole } = options
  const retryAfterMs = checkedRetryAfter('tenancyErrors', options)
  return markErrors((error: Error, c: Context) => {
    // An HTTPException, without an import of its class: there may be another copy of Hono.
    if ('getResponse' in error && typeof error.getResponse === 'function') return error.getResponse() as Response
    const answer = anyErrorAnswer(error, { retryAfterMs })
    if (answer.status >= 500) log(error, c)
    return responseOf(answer)
  })
}

/**
 * Whether the body is text or bytes, which are there already. @hono/node-server keeps them in a property of the response, and makes a real Response when its
 * body is asked for: that would cost as much as the rest of a small request. Where it keeps nothing, or something else, the body is bound.
 */
function isPlain(response: Response): boolean {
  return Object.getOwnPropertySymbols(response).some((key) => {
    const kept: unknown = key.description === 'cache' ? Reflect.get(response, key) : undefined
    const body: unknown = Array.isArray(kept) ? kept[1] : undefined
    return typeof body === 'string' || body instanceof Uint8Array
  })
}

interface OfNode {
  readonly incoming?: IncomingMessage
  readonly outgoing?: ServerResponse
}

function responseOf({ status, headers, body }: HttpAnswer): Response {
  return new Response(body, { status, headers })
}

function toConsole(error: Error): void {
  // oxlint-disable-next-line no-console -- as Hono does with errors that no handler answers
  console.error(error)
}
