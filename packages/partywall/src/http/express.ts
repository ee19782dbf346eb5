/**
 * partywall/express, for Express 5 and 4. `tenantScope` gives each request its tenant and runs the rest of the request in its scope.
 *
 * Not isolated by it: what is kept outside of a request (module variables, your caches), and sockets after an `upgrade`, for which `partywall/ws` is.
 */
import '../node-version.ts'
import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from 'express'
import { tenancyErrorOf, type TenancyError } from '../errors.ts'
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
import { withoutMount } from './shared/request-mount.ts'
import { problemAnswer, type HttpAnswer } from './shared/problem.ts'
import { checkedRetryAfter, errorAnswer, type RefusalOptions, type Refused } from './shared/refusal.ts'
import { checkedProperty, isTenantRequest, markRequest, type TenantOfRequest } from './shared/request-property.ts'

export type * from './shared/adapter-types.ts'
export type { HealthHandlerOptions, HealthTenancy } from './shared/health.ts'
export { memberOf } from './shared/member-guard.ts'
export { tenantPath } from './shared/request-mount.ts'

export interface TenantScopeOptions<A extends object = Attributes> extends AdmissionOptions<A, Request> {
  /** The claims of a token that an earlier middleware verified, for resolvers of your own. @default none */
  claims?: (req: Request) => Readonly<Record<string, unknown>> | undefined
  /** Answers a refused request in place of the problem document. Runs outside every scope. */
  onRefused?: (resolution: Refused<A>, req: Request, res: Response, next: NextFunction) => unknown
  /**
   * The property of `req` that holds the tenant; `false` sets none. Any other value than 'tenant' must be registered as `requestProperty`,
   * because it types `req`. @default 'tenant'
   */
  property?: RequestProperty
}

declare global {
  namespace Express {
    // Inherited, not declared: TypeScript lets an application declare an inherited property itself.
    // oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface
    interface Request extends TenantOfRequest {}
  }
}

/**
 * Resolves the tenant, sets `req.tenant` (or another `property`), and runs everything behind it in the tenant's scope, stream events included.
 * Mount it before the routes; before or after the body parsers is the same. Errors go to `next(error)`.
 * @example app.use(tenantScope(tenancy))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantScope<A extends object>(tenancy: HttpTenancy<A>, options: TenantScopeOptions<A> = {}): RequestHandler {
  assertKnownKeys('tenantScope', options, [...admissionKeys, 'claims', 'onRefused', 'property'], 'INVALID_OPTION')
  warnIfUntested('express')
  const { claims, onRefused, property: chosen, ...admissionOptions } = options
  const property = checkedProperty('tenantScope', chosen)
  const admit = createAdmission(tenancy, admissionOptions, 'tenantScope')

  const enter = async (req: Request, res: Response, next: NextFunction): Promise<unknown> => {
    const admission = await admit(nodeFacts(req, { host: hostOf(req), url: req.originalUrl, claims: claims?.(req) }), req)
    switch (admission.action) {
      case 'enter':
        return admission.run(() => {
          markRequest('tenantScope', req, property, admission.tenant)
          if (admission.mount !== undefined) mountRequest(req, admission.mount)
          bindEvents(tenancy, req, res)
          next()
        })
      case 'pass':
        markRequest('tenantScope', req, false, undefined)
        return next()
      case 'refuse':
        if (onRefused === undefined) return send(res, admission.answer)
        return onRefused(admission.resolution, req, res, next)
    }
  }
  // Express 4 does not look at the promise of a middleware.
  return markScope<RequestHandler>((req, res, next) => void enter(req, res, next).catch((error: unknown) => next(asError(error))))
}

/**
 * Hands the path without the tenant to the router, and gives `req.baseUrl` the part that was taken, so that links which begin with it lead back to the
 * tenant. Express sets baseUrl at each router from the path that it knows, which lacks that part: it is put in front again.
 * @throws TenancyError INVALID_OPTION when the middleware was mounted under a path, where the part is gone already
 */
function mountRequest(req: Request, mount: string): void {
  req.url = withoutMount('tenantScope', req, req.url, mount)
  let below = req.baseUrl
  Object.defineProperty(req, 'baseUrl', {
    configurable: true,
    enumerable: true,
    get: () => mount + below,
    // A router inside a router sets what it read here before, with the part in front.
    set(value: string) {
      const isWithout = req.originalUrl.startsWith(mount + value)
      below = !isWithout && value.startsWith(mount) ? value.slice(mount.length) : value
    },
  })
}

/**
 * The host with its port: of X-Forwarded-Host if the setting "trust proxy" trusts the sender, otherwise of Host. It is `req.host` of
 * Express 5. Express 4 cuts the port off at the first colon, and what follows it would not be checked.
 */
function hostOf(req: Request): string | undefined {
  const isTrusted: unknown = req.app.get('trust proxy fn')
  const forwarded = req.get('x-forwarded-host')
  if (!forwarded || typeof isTrusted !== 'function' || !isTrusted(req.socket.remoteAddress, 0)) return req.get('host')
  return forwarded.split(',', 1)[0]!.trimEnd()
}

/** Express would take a missing error, "route" and "router" for permission to go on, without a tenant. */
function asError(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? error : new Error('The request was not admitted.', { cause: error })
}

/** For tenants' routes in an app with `none: 'shared'` or `'pass'`: without a tenant they answer 404. */
export function requireTenant(): RequestHandler {
  return (req, res, next) => (isTenantRequest('requireTenant', req) ? next() : send(res, problemAnswer('TENANT_REQUIRED')))
}

/** For routes of the shared side (sign-up, billing, admin): on a tenant's side they answer 404. */
export function requireShared(): RequestHandler {
  return (req, res, next) => (isTenantRequest('requireShared', req) ? send(res, problemAnswer('SHARED_REQUIRED')) : next())
}

/**
 * For routes of members: 401 where no one is signed in, 403 for a user who is not a member of the tenant, or has none of the roles, or lacks one of the permissions. An owner
 * passes. It needs the option `user` of `tenantScope`. Behind it, `memberOf(req)` is the member.
 * @example app.delete('/polls/:id', requireMember({ can: 'polls.write' }), remove)
 */
export function requireMember(required: MemberRequirement = {}): RequestHandler {
  return (req, res, next) => {
    void guardRequest('requireMember', req, required).then(
      ({ answer }) => (answer === undefined ? next() : send(res, answer)),
      (error: unknown) => next(asError(error)),
    )
  }
}

/**
 * Answers a health check. Mount it in front of `tenantScope`: it has no tenant.
 * @example app.get('/ready', healthHandler(tenancy))
 * @throws TenancyError INVALID_OPTION
 */
export function healthHandler(tenancy: HealthTenancy, options: HealthHandlerOptions = {}): RequestHandler {
  assertHealth('healthHandler', tenancy, options)
  return (_req, res, next) => {
    void healthAnswer(tenancy, options).then((answer) => send(res, answer), next)
  }
}

export interface TenancyErrorsOptions extends RefusalOptions {
  /** Receives each error that is answered with 500 or more, since an answered error does not reach Express's own log. @default console.error */
  log?: (error: TenancyError, req: Request) => void
}

/**
 * An error handler that answers each TenancyError, also one inside an error of an ORM, with the status of its code and a problem document.
 * It lets other errors pass. Mount it last. The message of the error is never sent.
 * @example app.use(tenancyErrors())
 * @throws TenancyError INVALID_OPTION
 */
export function tenancyErrors(options: TenancyErrorsOptions = {}): ErrorRequestHandler {
  assertKnownKeys('tenancyErrors', options, ['log', 'retryAfterMs'], 'INVALID_OPTION')
  const { log = toConsole } = options
  const retryAfterMs = checkedRetryAfter('tenancyErrors', options)
  return markErrors<ErrorRequestHandler>((error: unknown, req, res, next) => {
    const answer = errorAnswer(error, { retryAfterMs })
    if (answer === undefined || res.headersSent) return next(error)
    // The error around it may hold the statement with its values.
    if (answer.status >= 500) log(tenancyErrorOf(error)!, req)
    send(res, answer)
  })
}

function toConsole(error: TenancyError): void {
  // oxlint-disable-next-line no-console -- as Express does with errors that no handler answers
  console.error(error)
}

function send(res: Response, { status, headers, body }: HttpAnswer): void {
  res.status(status).set(headers).send(body)
}
