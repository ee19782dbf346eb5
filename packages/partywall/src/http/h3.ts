/**
 * partywall/h3, for h3 2 and Nitro 3. `tenantMiddleware` gives each request its tenant and runs everything behind it in the tenant's scope, the body of the
 * response included.
 *
 * Not isolated by it: what is kept outside of a request (module variables, your caches), and middlewares before it.
 */
import '../node-version.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { toResponse, type H3Event, type Middleware } from 'h3'
import { assertKnownKeys } from '../known-keys.ts'
import type { HttpTenancy } from '../ports/tenancy-like.ts'
import { warnIfUntested } from '../tested-versions.ts'
import type { Attributes, MemberRequirement, RequestProperty } from '../types.ts'
import { createAdmission } from './shared/admission.ts'
import { admissionKeys, type AdmissionOptions } from './shared/admission-options.ts'
import { bindBody, bindEvents } from './shared/context.ts'
import { nodeFacts, webFacts } from './shared/facts.ts'
import { guardRequest } from './shared/member-guard.ts'
import { markScope } from './shared/middleware-mark.ts'
import { problemAnswer, type HttpAnswer } from './shared/problem.ts'
import { anyErrorAnswer, checkedRetryAfter, type RefusalOptions } from './shared/refusal.ts'
import { noteMount, tenantPath as pathOf } from './shared/request-mount.ts'
import { checkedProperty, isTenantRequest, markRequest, type TenantOfRequest } from './shared/request-property.ts'

export type * from './shared/adapter-types.ts'
export { memberOf } from './shared/member-guard.ts'
export interface TenantMiddlewareOptions<A extends object = Attributes> extends AdmissionOptions<A, H3Event> {
  /** The claims of a token that an earlier middleware verified, for byClaim and resolvers of your own. @default none */
  claims?: (event: H3Event) => Readonly<Record<string, unknown>> | undefined
  /** The host, where a proxy that you trust passes it in another header. @default the Host of the request */
  host?: (event: H3Event) => string | undefined
  /** The property of `event.context` that holds the tenant; `false` sets none. Any other value than 'tenant' must be registered as `requestProperty`. @default 'tenant' */
  property?: RequestProperty
}

declare module 'h3' {
  // oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface -- inherited, so that an application may declare the property itself
  interface H3EventContext extends TenantOfRequest {}
}

/**
 * Resolves the tenant, sets `event.context.tenant`, and runs every middleware and handler behind it in the tenant's scope.
 * @example app.use(tenantMiddleware(tenancy))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantMiddleware<A extends object>(
  tenancy: HttpTenancy<A>,
  options: TenantMiddlewareOptions<NoInfer<A>> = {},
): Middleware {
  assertKnownKeys('tenantMiddleware', options, [...admissionKeys, 'claims', 'host', 'property'], 'INVALID_OPTION')
  warnIfUntested('h3')
  const { claims, host, property: chosen, ...admissionOptions } = options
  const property = checkedProperty('tenantMiddleware', chosen)
  const admit = createAdmission<A, H3Event>(tenancy, admissionOptions, 'tenantMiddleware')

  return markScope<Middleware>(async (event, next) => {
    const { req, res } = (event.runtime?.node ?? {}) as OfNode
    const known = { host: host?.(event), claims: claims?.(event) }
    const admission = await admit(req === undefined ? webFacts(event.req, known) : nodeFacts(req, known), event)
    if (admission.action === 'refuse') return answered(event, admission.answer)
    return admission.run(async () => {
      markRequest('tenantMiddleware', event.context, property, admission.tenant)
      noteMount(event.context, admission.mount)
      if (req !== undefined && res !== undefined) bindEvents(tenancy, req, res)
      // h3 makes the response from what the handler returns, and reads it, outside of the scope.
      const response = await toResponse(await next(), event)
      return response.body === null ? response : new Response(bindBody(tenancy, response.body), response)
    })
  })
}

/** A path as the browser must ask for it: with the part that names the tenant, where the path does. @example redirect(tenantPath(event, '/polls')) */
export function tenantPath(event: H3Event, path: string): string {
  return pathOf(event.context, path)
}

/** For tenants' routes in an app with `none: 'shared'` or `'pass'`: without a tenant they answer 404. */
export function requireTenant(): Middleware {
  return (event, next) =>
    isTenantRequest('requireTenant', event.context) ? next() : answered(event, problemAnswer('TENANT_REQUIRED'))
}

/** For routes of the shared side (sign-up, billing, admin): on a tenant's side they answer 404. */
export function requireShared(): Middleware {
  return (event, next) =>
    isTenantRequest('requireShared', event.context) ? answered(event, problemAnswer('SHARED_REQUIRED')) : next()
}

/**
 * For routes of members: 401 where no one is signed in, 403 for a user who is not a member of the tenant, or has none of the roles, or lacks one of the permissions. An owner
 * passes. It needs the option `user` of `tenantMiddleware`. Behind it, `memberOf(event)` is the member.
 * @example app.delete('/polls/:id', remove, { middleware: [requireMember({ can: 'polls.write' })] })
 */
export function requireMember(required: MemberRequirement = {}): Middleware {
  return async (event, next) => {
    const { answer } = await guardRequest<H3Event>('requireMember', event, required)
    return answer === undefined ? next() : answered(event, answer)
  }
}

export interface TenancyErrorsOptions extends RefusalOptions {
  /** Receives each error that is answered with 500 or more. @default console.error */
  log?: (error: unknown, event: H3Event) => void
}

/**
 * For the option `onError` of `new H3()`: a TenancyError is answered by its code, also one inside an error of an ORM; an HTTPError that your code throws as h3
 * does; every other error with 500 and without its message.
 * @example const app = new H3({ onError: tenancyErrors() })
 * @throws TenancyError INVALID_OPTION
 */
export function tenancyErrors(
  options: TenancyErrorsOptions = {},
): (error: { readonly unhandled?: boolean | undefined; readonly cause?: unknown }, event: H3Event) => Response | undefined {
  assertKnownKeys('tenancyErrors', options, ['log', 'retryAfterMs'], 'INVALID_OPTION')
  const { log = toConsole } = options
  const retryAfterMs = checkedRetryAfter('tenancyErrors', options)
  return (error, event) => {
    // Yours, with a status that you chose: h3 answers it.
    if (error.unhandled !== true) return undefined
    const answer = anyErrorAnswer(error, { retryAfterMs })
    if (answer.status >= 500) log(error.cause ?? error, event)
    return responseOf(answer)
  }
}

interface OfNode {
  readonly req?: IncomingMessage
  readonly res?: ServerResponse
}

/**
 * Not a Response: early versions of h3 2, such as the one in Nitro 3.0, take one with the status 404 from a middleware for "not found here", and call the route all the same.
 */
function answered(event: H3Event, { status, headers, body }: HttpAnswer): string {
  event.res.status = status
  for (const [name, value] of Object.entries(headers)) event.res.headers.set(name, value)
  return body
}

function responseOf({ status, headers, body }: HttpAnswer): Response {
  return new Response(body, { status, headers })
}

function toConsole(error: unknown): void {
  // oxlint-disable-next-line no-console -- as h3 does with errors that no handler answers
  console.error(error)
}
