/**
 * partywall/trpc, for tRPC 11: middlewares for procedures of tenants and of members, and a formatter of errors. The scope comes from the adapter below: tRPC runs on Express, Fastify, Hono,
 * node:http or a WebSocket, and the adapter of partywall for that one enters the tenant of the request. All calls of a batch have its tenant.
 *
 * Not isolated by it: what is kept outside of a request, such as the state of a subscription that all callers share.
 */
import '../node-version.ts'
import { STATUS_CODES } from 'node:http'
import { TRPCError, type TRPCDefaultErrorData, type TRPCDefaultErrorShape, type TRPCMiddlewareFunction } from '@trpc/server'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import { TenancyError } from '../errors.ts'
import { assertKnownKeys } from '../known-keys.ts'
import type { GuardTenancy, MemberTenancy } from '../ports/tenancy-like.ts'
import { warnIfUntested } from '../tested-versions.ts'
import type { MemberRequirement, Tenant } from '../types.ts'
import { createMemberGuard, type RequestMember, type UserOf } from './shared/member-guard.ts'
import { notATenancy } from '../not-a-tenancy.ts'
import { problemAnswer, type HttpAnswer } from './shared/problem.ts'
import { checkedRetryAfter, errorAnswer, type RefusalOptions } from './shared/refusal.ts'

export type { RequestMember, SignedInUser, UserOf } from './shared/member-guard.ts'
export type { RefusalOptions } from './shared/refusal.ts'
export type { GuardTenancy, MemberTenancy } from '../ports/tenancy-like.ts'

export interface TenantMiddlewaresOptions<C extends object> {
  /** The id of the user who is signed in, from the context that `createContext` made; for `requireMember`. @default none */
  user?: UserOf<C>
}

/** For `t.procedure.use()`. */
export type TenantMiddleware<C extends object, Added extends object> = TRPCMiddlewareFunction<C, any, object, Added, any>

export interface TenantMiddlewares<A extends object, C extends object> {
  /** For procedures of tenants: NOT_FOUND on the shared side. `ctx.tenant` is the tenant. */
  readonly requireTenant: TenantMiddleware<C, { tenant: Tenant<A> }>
  /** For procedures of the shared side (sign-up, billing, admin): NOT_FOUND on a tenant's side. */
  readonly requireShared: TenantMiddleware<C, object>
  /**
   * For procedures of members: UNAUTHORIZED where no one is signed in, FORBIDDEN for a user who is not a member of the tenant, or has none of the roles, or lacks one of the permissions.
   * An owner passes. It needs the option `user`. `ctx.member` is the member.
   * @example t.procedure.use(requireMember({ can: 'polls.write' }))
   */
  readonly requireMember: (required?: MemberRequirement) => TenantMiddleware<C, { tenant: Tenant<A>; member: RequestMember }>
}

/**
 * Makes the middlewares of an application. Costs nothing for `requireTenant`; for `requireMember` a lookup of the member, mostly from the cache.
 * @example
 * const { requireTenant, requireMember } = tenantMiddlewares(tenancy, { user: (ctx: Context) => ctx.userId })
 * const tenantProcedure = t.procedure.use(requireTenant)
 * @throws TenancyError INVALID_OPTION
 */
export function tenantMiddlewares<A extends object, C extends object = object>(
  tenancy: GuardTenancy<A>,
  options: TenantMiddlewaresOptions<C> = {},
): TenantMiddlewares<A, C> {
  assertKnownKeys('tenantMiddlewares', options, ['user'], 'INVALID_OPTION')
  if (typeof (tenancy as GuardTenancy | undefined)?.tryCurrent !== 'function') throw notATenancy('tenantMiddlewares', tenancy)
  warnIfUntested('@trpc/server')
  const { user } = options
  const guard =
    user === undefined ? undefined : createMemberGuard<C>(tenancy as Partial<MemberTenancy>, { user }, 'tenantMiddlewares')

  const current = (): Tenant<A> => {
    const tenant = tenancy.tryCurrent()
    if (tenant === undefined) throw refusalOf(problemAnswer('TENANT_REQUIRED'))
    return tenant
  }
  return Object.freeze<TenantMiddlewares<A, C>>({
    requireTenant: async ({ next }) => next({ ctx: { tenant: current() } }),
    requireShared: async ({ next }) => {
      if (tenancy.tryCurrent() !== undefined) throw refusalOf(problemAnswer('SHARED_REQUIRED'))
      return next({ ctx: {} })
    },
    requireMember:
      (required = {}) =>
      async ({ ctx, next }) => {
        const tenant = current()
        if (guard === undefined) throw noUser()
        const { member, answer } = await guard(ctx as unknown as C, required)
        if (answer !== undefined) throw refusalOf(answer)
        return next({ ctx: { tenant, member } })
      },
  })
}

export interface TrpcErrorsOptions extends RefusalOptions {
  /** Receives each error that is answered with 500 or more, and each whose message is not sent. @default console.error */
  log?: (error: Error) => void
}

/**
 * What a client gets of an error. `problem` is the stable code of partywall, such as NOT_A_MEMBER; absent for other errors. `retryAfter` is there while a tenant is in maintenance: the
 * seconds of `retryAfterMs`.
 */
export interface TenantErrorShape extends TRPCDefaultErrorShape {
  data: TRPCDefaultErrorData & { problem?: string; retryAfter?: number }
}

/**
 * For `errorFormatter`: a TenancyError is answered by its code, also one inside an error of an ORM; a TRPCError with a message of the application, and what a validator says about the input, as it
 * is; every other error without its message and its stack, which may hold SQL and values. tRPC itself would send both.
 * @example const t = initTRPC.context<Context>().create({ errorFormatter: tenancyErrors() })
 * @throws TenancyError INVALID_OPTION
 */
export function tenancyErrors(
  options: TrpcErrorsOptions = {},
): (options: { error: TRPCError; shape: TRPCDefaultErrorShape }) => TenantErrorShape {
  assertKnownKeys('tenancyErrors', options, ['log', 'retryAfterMs'], 'INVALID_OPTION')
  const { log = toConsole } = options
  const retryAfterMs = checkedRetryAfter('tenancyErrors', options)
  return ({ error, shape }) => {
    const guarded = answers.get(error)
    if (guarded === undefined && hasOwnWords(error)) return shape
    const answer = guarded ?? errorAnswer(error, { retryAfterMs }) ?? unexpected(error)
    if (answer === undefined && isAboutInput(error)) return shape
    if (answer === undefined || answer.status >= 500) log(error)
    const { stack: _stack, ...data } = shape.data
    return answer === undefined ? { ...shape, message: STATUS_CODES[data.httpStatus] ?? data.code, data } : shapeOf(answer, data)
  }
}

function shapeOf({ headers, body }: HttpAnswer, data: TRPCDefaultErrorData): TenantErrorShape {
  const { status, title, detail = title, code: problem } = JSON.parse(body) as Problem
  const code = codeOf(status)
  const seconds = headers['retry-after']
  const retry = seconds === undefined ? {} : { retryAfter: Number(seconds) }
  return { message: detail, code: TRPC_ERROR_CODES_BY_KEY[code], data: { ...data, code, httpStatus: status, problem, ...retry } }
}

interface Problem {
  readonly status: number
  readonly title: string
  readonly detail?: string
  readonly code: string
}

/** Without a message of its own a TRPCError has that of its cause, which may be an error of the database, or its code. */
function hasOwnWords({ code, message, cause }: TRPCError): boolean {
  return message !== (cause === undefined ? code : cause.message)
}

function unexpected({ code }: TRPCError): HttpAnswer | undefined {
  return code === 'INTERNAL_SERVER_ERROR' ? problemAnswer('INTERNAL_ERROR') : undefined
}

/** Validators may query the database. So what they throw is taken for words about the input only where it has the form in which a library tells its findings. */
function isAboutInput({ code, cause }: TRPCError): boolean {
  if (code === 'PARSE_ERROR' || cause === undefined) return true
  if (code !== 'BAD_REQUEST') return false
  const { name, issues, errors, failures } = cause as Error & { issues?: unknown; errors?: unknown; failures?: unknown }
  // Zod, Valibot and every other library of Standard Schema; Superstruct; Yup.
  return Array.isArray(issues) || typeof failures === 'function' || (name === 'ValidationError' && Array.isArray(errors))
}

/** What the guards of this file have thrown. */
const answers = new WeakMap<TRPCError, HttpAnswer>()

function refusalOf(answer: HttpAnswer): TRPCError {
  // Read by callers on the server, and by clients where `tenancyErrors` is not the formatter.
  const { title, detail = title } = JSON.parse(answer.body) as Problem
  const error = new TRPCError({ code: codeOf(answer.status), message: detail })
  answers.set(error, answer)
  return error
}

const codes = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  503: 'SERVICE_UNAVAILABLE',
} as const

function codeOf(status: number): TRPCError['code'] {
  return codes[status as keyof typeof codes] ?? 'INTERNAL_SERVER_ERROR'
}

function noUser(): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    'requireMember does not know who is signed in. Give tenantMiddlewares the option user: (ctx) => the id of the user.',
    { details: { what: 'requireMember', option: 'user' } },
  )
}

function toConsole(error: Error): void {
  // oxlint-disable-next-line no-console -- as tRPC does not: it sends the error to the client
  console.error(error)
}
