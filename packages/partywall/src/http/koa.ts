/**
 * partywall/koa, for Koa 3. `tenantScope` gives each request its tenant and runs the rest of the request in its scope, the body that Koa sends afterwards
 * included.
 *
 * Not isolated by it: what is kept outside of a request (module variables, your caches), and middlewares before it.
 */
import '../node-version.ts'
import { Readable } from 'node:stream'
import type { Context, Middleware } from 'koa'
import { assertKnownKeys } from '../known-keys.ts'
import type { HttpTenancy } from '../ports/tenancy-like.ts'
import { warnIfUntested } from '../tested-versions.ts'
import type { Attributes, MemberRequirement, RequestProperty } from '../types.ts'
import { createAdmission } from './shared/admission.ts'
import { admissionKeys, type AdmissionOptions } from './shared/admission-options.ts'
import { bindBody, bindEvents, bindReadable } from './shared/context.ts'
import { nodeFacts } from './shared/facts.ts'
import { guardRequest } from './shared/member-guard.ts'
import { markErrors, markScope } from './shared/middleware-mark.ts'
import { problemAnswer, type HttpAnswer } from './shared/problem.ts'
import { anyErrorAnswer, checkedRetryAfter, type RefusalOptions } from './shared/refusal.ts'
import { tenantPath as pathOf, withoutMount } from './shared/request-mount.ts'
import { checkedProperty, isTenantRequest, markRequest, type TenantOfRequest } from './shared/request-property.ts'

export type * from './shared/adapter-types.ts'
export { memberOf } from './shared/member-guard.ts'
export interface TenantScopeOptions<A extends object = Attributes> extends AdmissionOptions<A, Context> {
  /** The claims of a token that an earlier middleware verified, for byClaim and resolvers of your own. @default none */
  claims?: (ctx: Context) => Readonly<Record<string, unknown>> | undefined
  /** The property of `ctx.state` that holds the tenant; `false` sets none. Any other value than 'tenant' must be registered as `requestProperty`. @default 'tenant' */
  property?: RequestProperty
}

declare module 'koa' {
  // oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface -- inherited, so that an application may declare the property itself
  interface DefaultState extends TenantOfRequest {}
}

/**
 * Resolves the tenant, sets `ctx.state.tenant`, and runs everything behind it in the tenant's scope. With byPath, `ctx.path` is the path without the
 * tenant, and `ctx.originalUrl` the whole one. Mount it before the routes.
 * @example app.use(tenantScope(tenancy))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantScope<A extends object>(tenancy: HttpTenancy<A>, options: TenantScopeOptions<NoInfer<A>> = {}): Middleware {
  assertKnownKeys('tenantScope', options, [...admissionKeys, 'claims', 'property'], 'INVALID_OPTION')
  warnIfUntested('koa')
  const { claims, property: chosen, ...admissionOptions } = options
  const property = checkedProperty('tenantScope', chosen)
  const admit = createAdmission(tenancy, admissionOptions, 'tenantScope')

  return markScope<Middleware>(async (ctx, next) => {
    // Koa reads X-Forwarded-Host only with `app.proxy`.
    const host = ctx.app.proxy ? ctx.host : undefined
    const admission = await admit(nodeFacts(ctx.req, { host, url: ctx.originalUrl, claims: claims?.(ctx) }), ctx)
    if (admission.action === 'refuse') return send(ctx, admission.answer)
    await admission.run(async () => {
      markRequest('tenantScope', ctx.state, property, admission.tenant)
      if (admission.mount !== undefined) ctx.url = withoutMount('tenantScope', ctx.state, ctx.url, admission.mount)
      bindEvents(tenancy, ctx.req, ctx.res)
      await next()
      // Koa reads it when all middlewares have returned, outside of the scope.
      if (ctx.body instanceof Readable) bindReadable(tenancy, ctx.body)
      else if (ctx.body instanceof ReadableStream) keepBody(ctx, bindBody(tenancy, ctx.body))
    })
  })
}

/** Koa sets the type and the length of a body when it is assigned; those that the application chose stay. */
function keepBody(ctx: Context, body: ReadableStream): void {
  const { type, length } = ctx.response
  ctx.body = body
  if (type !== '') ctx.type = type
  if (length !== undefined) ctx.length = length
}

/** A path as the browser must ask for it: with the part that names the tenant, where the path does. @example ctx.redirect(tenantPath(ctx, '/polls')) */
export function tenantPath(ctx: Pick<Context, 'state'>, path: string): string {
  return pathOf(ctx.state, path)
}

/** For tenants' routes in an app with `none: 'shared'` or `'pass'`: without a tenant they answer 404. */
export function requireTenant(): Middleware {
  return async (ctx, next) => (isTenantRequest('requireTenant', ctx.state) ? next() : send(ctx, problemAnswer('TENANT_REQUIRED')))
}

/** For routes of the shared side (sign-up, billing, admin): on a tenant's side they answer 404. */
export function requireShared(): Middleware {
  return async (ctx, next) => (isTenantRequest('requireShared', ctx.state) ? send(ctx, problemAnswer('SHARED_REQUIRED')) : next())
}

/**
 * For routes of members: 401 where no one is signed in, 403 for a user who is not a member of the tenant, or has none of the roles, or lacks one of the permissions. An owner
 * passes. It needs the option `user` of `tenantScope`. Behind it, `memberOf(ctx)` is the member.
 * @example router.delete('/polls/:id', requireMember({ can: 'polls.write' }), remove)
 */
export function requireMember(required: MemberRequirement = {}): Middleware {
  return async (ctx, next) => {
    const { answer } = await guardRequest<Context>('requireMember', ctx, required)
    return answer === undefined ? next() : send(ctx, answer)
  }
}

/**
 * A middleware that answers the errors of those behind it: a TenancyError by its code, also one inside an error of an ORM; an error that Koa may show to
 * clients (`ctx.throw`) as Koa does; every other one with 500, which `app.on('error')` receives. Mount it first.
 * @example app.use(tenancyErrors()).use(tenantScope(tenancy))
 * @throws TenancyError INVALID_OPTION
 */
export function tenancyErrors(options: RefusalOptions = {}): Middleware {
  assertKnownKeys('tenancyErrors', options, ['retryAfterMs'], 'INVALID_OPTION')
  const retryAfterMs = checkedRetryAfter('tenancyErrors', options)
  return markErrors<Middleware>(async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      if (isExposed(error)) throw error
      const answer = anyErrorAnswer(error, { retryAfterMs })
      if (answer.status >= 500) ctx.app.emit('error', error, ctx)
      send(ctx, answer)
    }
  })
}

function isExposed(error: unknown): boolean {
  return error instanceof Error && 'expose' in error && error.expose === true
}

function send(ctx: Context, { status, headers, body }: HttpAnswer): void {
  ctx.status = status
  ctx.body = body
  ctx.set({ ...headers })
}
