/**
 * partywall/fastify, for Fastify 5. `tenantPlugin` gives each request its tenant; all later hooks, the parsing of the body, the handler, streams that it
 * sends and the hooks after the answer run in the tenant's scope.
 *
 * Not isolated by it: what is kept outside of a request (decorators of the instance, module variables, your caches), and hooks that were added before.
 */
import '../node-version.ts'
import type {
  FastifyError,
  FastifyInstance,
  FastifyPluginCallback,
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
} from 'fastify'
import { assertKnownKeys } from '../known-keys.ts'
import type { HttpTenancy } from '../ports/tenancy-like.ts'
import { warnIfUntested } from '../tested-versions.ts'
import type { Attributes, MemberRequirement, RequestProperty } from '../types.ts'
import { createAdmission } from './shared/admission.ts'
import { admissionKeys, type AdmissionOptions } from './shared/admission-options.ts'
import { bindEvents } from './shared/context.ts'
import { nodeFacts } from './shared/facts.ts'
import { assertHealth, healthAnswer, type HealthHandlerOptions, type HealthTenancy } from './shared/health.ts'
import { guardRequest } from './shared/member-guard.ts'
import { markErrors, markScope } from './shared/middleware-mark.ts'
import { problemAnswer, type HttpAnswer } from './shared/problem.ts'
import { anyErrorAnswer, checkedRetryAfter, refusal, type RefusalOptions } from './shared/refusal.ts'
import { noteMount } from './shared/request-mount.ts'
import { checkedProperty, isTenantRequest, markRequest, type TenantOfRequest } from './shared/request-property.ts'
import { routeRequest, sentUrl } from './shared/routed-url.ts'

export type * from './shared/adapter-types.ts'
export type { HealthHandlerOptions, HealthTenancy } from './shared/health.ts'
export { memberOf } from './shared/member-guard.ts'
export { tenantPath } from './shared/request-mount.ts'

export interface TenantPluginOptions<A extends object = Attributes> extends AdmissionOptions<A, FastifyRequest> {
  /** The claims of a token that an earlier `onRequest` hook verified, for byClaim and resolvers of your own. @default none */
  claims?: (request: FastifyRequest) => Readonly<Record<string, unknown>> | undefined
  /** The property of `request` that holds the tenant; `false` sets none. Any other value than 'tenant' must be registered as `requestProperty`. @default 'tenant' */
  property?: RequestProperty
}

declare module 'fastify' {
  // oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface -- inherited, so that an application may declare the property itself
  interface FastifyRequest extends TenantOfRequest {}
}

/**
 * A plugin for the instance that it is registered on, and for all plugins behind it there: it resolves the tenant in an `onRequest` hook and sets
 * `request.tenant`. Register it before the routes and before plugins that query.
 * @example app.register(tenantPlugin(tenancy))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantPlugin<A extends object>(
  tenancy: HttpTenancy<A>,
  options: TenantPluginOptions<NoInfer<A>> = {},
): FastifyPluginCallback {
  assertKnownKeys('tenantPlugin', options, [...admissionKeys, 'claims', 'property'], 'INVALID_OPTION')
  warnIfUntested('fastify')
  const { claims, property: chosen, ...admissionOptions } = options
  const property = checkedProperty('tenantPlugin', chosen)
  const admit = createAdmission(tenancy, admissionOptions, 'tenantPlugin')

  const enter: onRequestHookHandler = (request, reply, done) => {
    // Fastify reads X-Forwarded-Host only from proxies that `trustProxy` names.
    // Fastify keeps it in `originalUrl`, where @fastify/middie and NestJS write the rewritten URL.
    const sent = sentUrl(request.raw)
    const url = sent ?? request.originalUrl
    const facts = nodeFacts(request.raw, { host: request.host, url, claims: claims?.(request) })
    admit(facts, request)
      .then((admission) => {
        if (admission.action === 'refuse') return void send(reply, admission.answer)
        if (sent !== undefined && admission.mount === undefined) return void send(reply, refusal({ outcome: 'unknown' }))
        return admission.run(() => {
          markRequest('tenantPlugin', request, property, admission.tenant)
          noteMount(request, admission.mount)
          bindEvents(tenancy, request.raw, reply.raw)
          // A hook that returned a promise would end before the handler begins, and the scope with it.
          done()
        })
      })
      .catch((error: unknown) => done(error as Error))
  }

  const plugin = (app: FastifyInstance, _options: unknown, done: () => void): void => {
    if (property !== false && !app.hasRequestDecorator(property)) app.decorateRequest(property, undefined)
    app.addHook('onRequest', markScope(enter))
    done()
  }
  // What fastify-plugin sets: without it the hook would hold for the routes inside of this plugin only, of which there are none.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'partywall',
  })
}

/**
 * For the option `rewriteUrl` of `fastify()`, where byPath names the tenant: routes are written without that part of the path.
 * @example const app = fastify({ rewriteUrl: tenantUrls(tenancy) })
 */
export function tenantUrls(tenancy: Pick<HttpTenancy, 'options'>): (request: { readonly url?: string | undefined }) => string {
  return (request) => routeRequest(tenancy, request, request.url ?? '/')
}

/** A hook `onRequest` of one route. */
export type TenantRouteHook = (request: FastifyRequest, reply: FastifyReply, done: () => void) => void

/**
 * For tenants' routes in an app with `none: 'shared'` or `'pass'`: without a tenant they answer 404.
 * @example app.get('/projects', { onRequest: requireTenant() }, handler)
 */
export function requireTenant(): TenantRouteHook {
  return (request, reply, done) =>
    isTenantRequest('requireTenant', request) ? done() : void send(reply, problemAnswer('TENANT_REQUIRED'))
}

/** For routes of the shared side (sign-up, billing, admin): on a tenant's side they answer 404. */
export function requireShared(): TenantRouteHook {
  return (request, reply, done) =>
    isTenantRequest('requireShared', request) ? void send(reply, problemAnswer('SHARED_REQUIRED')) : done()
}

/**
 * For routes of members: 401 where no one is signed in, 403 for a user who is not a member of the tenant, or has none of the roles, or lacks one of the permissions. An owner
 * passes. It needs the option `user` of `tenantPlugin`. Behind it, `memberOf(request)` is the member.
 * @example app.delete('/polls/:id', { preHandler: requireMember({ can: 'polls.write' }) }, remove)
 */
export function requireMember(required: MemberRequirement = {}): MemberRouteHook {
  return (request, reply, done) => {
    void guardRequest('requireMember', request, required).then(
      ({ answer }) => (answer === undefined ? done() : void send(reply, answer)),
      done,
    )
  }
}

/** A hook of one route, such as `preHandler`: behind the sign-in. */
export type MemberRouteHook = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

/**
 * Answers a health check. Give its route to an instance on which `tenantPlugin` is not registered: it has no tenant.
 * @example app.get('/ready', healthHandler(tenancy))
 * @throws TenancyError INVALID_OPTION
 */
export function healthHandler(
  tenancy: HealthTenancy,
  options: HealthHandlerOptions = {},
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  assertHealth('healthHandler', tenancy, options)
  return async (_request, reply) => send(reply, await healthAnswer(tenancy, options))
}

export type TenancyErrorHandler = (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void

/**
 * An error handler that sends no message of an error that is answered with 500 or more: a TenancyError is answered by its code, also one inside an
 * error of an ORM; an error with a status below 500 (a body that is no JSON, validation, your own) as Fastify does; every other one with 500, and logged.
 * Set it on the whole app: Fastify's own handler would send the message, which may hold SQL, values or the address of the database.
 * @example app.setErrorHandler(tenancyErrors())
 * @throws TenancyError INVALID_OPTION
 */
export function tenancyErrors(options: RefusalOptions = {}): TenancyErrorHandler {
  assertKnownKeys('tenancyErrors', options, ['retryAfterMs'], 'INVALID_OPTION')
  const retryAfterMs = checkedRetryAfter('tenancyErrors', options)
  return markErrors<TenancyErrorHandler>((error, request, reply) => {
    if (error.statusCode !== undefined && error.statusCode < 500) return void reply.send(error)
    const answer = anyErrorAnswer(error, { retryAfterMs })
    if (answer.status >= 500) request.log.error(error)
    send(reply, answer)
  })
}

function send(reply: FastifyReply, { status, headers, body }: HttpAnswer): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}
