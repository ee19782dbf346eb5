/**
 * partywall/express, for Express 5. `tenantScope` gives each request its tenant and runs the rest of the request in its scope.
 *
 * Not isolated by it: what is kept outside of a request (module variables, your caches), and sockets after an `upgrade`.
 */
import type { EventEmitter } from 'node:events'
import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from 'express'
import { errorCodes, isTenancyError, TenancyError } from '../errors.ts'
import { assertKnownKeys } from '../known-keys.ts'
import type { RequestFacts, Resolution } from '../ports/resolver.ts'
import type { Attributes, Tenant } from '../types.ts'
import { bindEvents } from './shared/bind-events.ts'
import type { HttpAnswer } from './shared/problem.ts'
import { errorAnswer, refusal, type RefusalOptions, type Refused, sharedRequired, tenantRequired } from './shared/refusal.ts'

/** The part of a tenancy that the adapter uses. */
export interface TenancyLike<A extends object = Attributes> {
  resolve(facts: RequestFacts): Promise<Resolution<A>>
  run(tenant: Tenant<A>, fn: () => void): unknown
  runShared(fn: () => void): unknown
  bind<Args extends unknown[], R>(fn: (...args: Args) => R): (...args: Args) => R
}

export interface TenantScopeOptions<A extends object = Attributes> extends RefusalOptions {
  /**
   * What happens to a request that names no tenant: it is refused with 404; it goes on in the shared schema; or it goes on
   * outside every scope, for an app that has pages without any database. @default 'refuse'
   */
  none?: 'refuse' | 'shared' | 'pass'
  /** The claims of a token that an earlier middleware verified, for resolvers of your own. @default none */
  claims?: (req: Request) => Readonly<Record<string, unknown>> | undefined
  /** Answers a refused request in place of the problem document. Runs outside every scope. */
  onRefused?: (resolution: Refused<A>, req: Request, res: Response, next: NextFunction) => unknown
}

/**
 * Tell TypeScript your tenancy once, and `req.tenant` has your attributes:
 * `declare module 'partywall/express' { interface Register { tenancy: typeof tenancy } }`
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- it is empty until you fill it
export interface Register {}

/** The tenants of the tenancy in `R`, or any tenant when none is registered. */
export type RegisteredTenant<R = Register> = R extends { tenancy: { current(): infer T extends Tenant<object> } } ? T : Tenant

declare global {
  namespace Express {
    interface Request {
      /** The tenant of this request; undefined on the shared side. */
      readonly tenant?: RegisteredTenant | undefined
    }
  }
}

/**
 * Resolves the tenant, sets `req.tenant`, and runs everything behind it in the tenant's scope, stream events included.
 * Mount it before the routes; before or after the body parsers is the same. Errors go to `next(error)`.
 * @example app.use(tenantScope(tenancy))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantScope<A extends object>(tenancy: TenancyLike<A>, options: TenantScopeOptions<A> = {}): RequestHandler {
  const { none, claims, onRefused, retryAfterSeconds } = checked(options)

  return async (req, res, next) => {
    const resolution = await tenancy.resolve({ ...factsOf(req), claims: claims?.(req) })
    if (resolution.outcome === 'resolved') {
      return void (await tenancy.run(resolution.tenant, () => enter(resolution.tenant)))
    }
    if (resolution.outcome === 'none' && none === 'shared') return void (await tenancy.runShared(() => enter(undefined)))
    if (resolution.outcome === 'none' && none === 'pass') return next()
    if (onRefused) return void (await onRefused(resolution, req, res, next))
    send(res, refusal(resolution.outcome, { retryAfterSeconds }))

    function enter(tenant: Tenant<A> | undefined): void {
      Object.assign(req, { tenant })
      for (const emitter of [req, res] as EventEmitter[]) bindEvents(emitter, (emit) => tenancy.bind(emit))
      next()
    }
  }
}

/** For tenants' routes in an app with `none: 'shared'` or `'pass'`: without a tenant they answer 404. */
export function requireTenant(): RequestHandler {
  return (req, res, next) => (req.tenant === undefined ? send(res, tenantRequired()) : next())
}

/** For routes of the shared side (sign-up, billing, admin): in a tenant's name they answer 404. */
export function requireShared(): RequestHandler {
  return (req, res, next) => (req.tenant === undefined ? next() : send(res, sharedRequired()))
}

export interface TenancyErrorsOptions extends RefusalOptions {
  /** Told of each error that is answered with 500 or more, since an answered error does not reach Express's own log. @default console.error */
  log?: (error: TenancyError, req: Request) => void
}

/**
 * An error handler that answers each TenancyError with the status of its code and a problem document, and lets other errors pass.
 * Mount it last. The message of the error is never sent.
 * @example app.use(tenancyErrors())
 */
export function tenancyErrors(options: TenancyErrorsOptions = {}): ErrorRequestHandler {
  assertKnownKeys('tenancyErrors', options, ['log', 'retryAfterMs'], 'INVALID_OPTION')
  const { log = toConsole, ...answer } = options
  return (error: unknown, req, res, next) => {
    const isOurs = isTenancyError(error) && Object.hasOwn(errorCodes, error.code)
    if (!isOurs || res.headersSent) return next(error)
    if (errorCodes[error.code].http >= 500) log(error, req)
    send(res, errorAnswer(error.code, answer))
  }
}

/**
 * `req.host` is Express's own reading: X-Forwarded-Host counts only from a proxy that the setting "trust proxy" trusts. Node keeps
 * the first of several Host lines in silence; here they stay visible, and a host with a comma is refused.
 */
function factsOf(req: Request): RequestFacts {
  const hosts = req.headersDistinct.host ?? []
  return {
    host: hosts.length > 1 ? hosts.join(', ') : (req.host ?? req.headers.host),
    path: req.originalUrl.split('?', 1)[0],
    headers: req.headers,
  }
}

function toConsole(error: TenancyError): void {
  // oxlint-disable-next-line no-console -- as Express does with errors that nobody answers
  console.error(error)
}

function send(res: Response, { status, headers, body }: HttpAnswer): void {
  res.status(status).set(headers).send(body)
}

function checked<A extends object>(options: TenantScopeOptions<A>) {
  assertKnownKeys('tenantScope', options, ['none', 'claims', 'onRefused', 'retryAfterMs'], 'INVALID_OPTION')
  const { none = 'refuse', retryAfterSeconds = 60 } = options
  if (!['refuse', 'shared', 'pass'].includes(none)) {
    throw new TenancyError(
      'INVALID_OPTION',
      `The option "none" of tenantScope must be 'refuse', 'shared' or 'pass'; it is ${none}.`,
      {
        details: { option: 'none', seen: none },
      },
    )
  }
  return { ...options, none, retryAfterSeconds }
}
