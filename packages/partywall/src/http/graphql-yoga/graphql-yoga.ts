/**
 * partywall/graphql-yoga, for GraphQL Yoga 5: the tenant and the member in the context of resolvers, and a mask for errors. The scope comes from the adapter below: Yoga runs on Express, Fastify,
 * Hono, node:http and others, and the adapter of partywall for that one enters the tenant of the request.
 *
 * Not isolated by it: what is kept outside of a request, such as a pub/sub whose topics all tenants share, a response cache, and a DataLoader that is not made for each request.
 */
import '../../node-version.ts'
import { GraphQLError, type GraphQLErrorExtensions } from 'graphql'
import type { MaskError, Plugin } from 'graphql-yoga'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { GuardTenancy, MemberTenancy } from '../../ports/tenancy-like.ts'
import { warnIfUntested } from '../../tested-versions.ts'
import type { Attributes, MemberRequirement, Tenant } from '../../types.ts'
import { withLaterErrorsMasked } from './later.ts'
import { maskedOutside } from './outside.ts'
import type { Mask } from './shown.ts'
import { createMemberGuard, type RequestMember, type UserOf } from '../shared/member-guard.ts'
import { notATenancy } from '../../not-a-tenancy.ts'
import { problemAnswer, type HttpAnswer } from '../shared/problem.ts'
import { checkedRetryAfter, errorAnswer, type RefusalOptions } from '../shared/refusal.ts'

export type { RequestMember, SignedInUser, UserOf } from '../shared/member-guard.ts'
export type { RefusalOptions } from '../shared/refusal.ts'
export type { GuardTenancy, MemberTenancy } from '../../ports/tenancy-like.ts'

export interface TenantContextOptions<C extends object> {
  /** The id of the user who is signed in, from the context; for `requireMember`. @default none */
  user?: UserOf<C>
}

/** What the plugin adds to the context of each operation. */
export interface TenantContext<A extends object = Attributes> {
  /** Undefined on the shared side. */
  readonly tenant: Tenant<A> | undefined
  /** The tenant, for resolvers of tenants. @throws GraphQLError TENANT_REQUIRED (404) on the shared side */
  requireTenant(): Tenant<A>
  /** For resolvers of the shared side (sign-up, billing, admin). @throws GraphQLError SHARED_REQUIRED (404) on a tenant's side */
  requireShared(): void
  /**
   * The member who is signed in. An owner has every role and every permission. It needs the option `user`.
   * @throws GraphQLError SIGN_IN_REQUIRED (401), NOT_A_MEMBER or NOT_PERMITTED_ROLE (403), TENANT_REQUIRED (404)
   */
  requireMember(required?: MemberRequirement): Promise<RequestMember>
}

/**
 * A plugin that adds a TenantContext to the context, and masks the errors that Yoga forgets: of what `@defer` and `@stream` send later, and of hooks for requests and responses. Costs nothing; `requireMember` a lookup of the member,
 * mostly from the cache.
 * @example createYoga({ schema, plugins: [tenantContext(tenancy, { user: (context) => userOf(context.request) })], maskedErrors: { maskError: tenancyErrors() } })
 * @throws TenancyError INVALID_OPTION
 */
export function tenantContext<A extends object, C extends object = { readonly request: Request }>(
  tenancy: GuardTenancy<A>,
  options: TenantContextOptions<C> = {},
): Plugin<TenantContext<A>> {
  assertKnownKeys('tenantContext', options, ['user'], 'INVALID_OPTION')
  if (typeof (tenancy as GuardTenancy | undefined)?.tryCurrent !== 'function') throw notATenancy('tenantContext', tenancy)
  warnIfUntested('graphql-yoga')
  const { user } = options
  const guard =
    user === undefined ? undefined : createMemberGuard<C>(tenancy as Partial<MemberTenancy>, { user }, 'tenantContext')

  let mask: Mask | undefined = tenancyErrors() as Mask
  const later = ({ result, setResult }: LaterResult): void => {
    const masked = mask && withLaterErrorsMasked(result as object, mask)
    if (masked !== undefined) setResult(masked as never)
  }
  return {
    onYogaInit({ yoga }) {
      mask = maskOf(yoga, mask)
    },
    instrumentation: { request: async (_request, handle) => maskedOutside(handle, mask) },
    onExecute: () => ({ onExecuteDone: ({ result }) => (isStream(result) ? { onNext: later } : undefined) }),
    onSubscribe: () => ({ onSubscribeResult: ({ result }) => (isStream(result) ? { onNext: later } : undefined) }),
    onContextBuilding({ context, extendContext }) {
      const tenant = tenancy.tryCurrent()
      assertFree(context, tenant)
      extendContext({
        tenant,
        requireTenant() {
          if (tenant === undefined) throw refusalOf(problemAnswer('TENANT_REQUIRED'))
          return tenant
        },
        requireShared() {
          if (tenant !== undefined) throw refusalOf(problemAnswer('SHARED_REQUIRED'))
        },
        async requireMember(required = {}) {
          if (guard === undefined) throw noUser()
          const { member, answer } = await guard(context as unknown as C, required)
          if (answer !== undefined) throw refusalOf(answer)
          return member
        },
      })
    },
  }
}

interface LaterResult {
  readonly result: unknown
  readonly setResult: (result: never) => void
}

function isStream(result: unknown): boolean {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result
}

/** The mask that the application has chosen. Undefined where it has switched masks off; the given one where this version of Yoga keeps it elsewhere. */
function maskOf(yoga: object, otherwise: Mask | undefined): Mask | undefined {
  const options = Reflect.get(yoga, 'maskedErrorsOpts') as
    | { readonly maskError: MaskError; readonly errorMessage: string }
    | null
    | undefined
  if (options === null) return undefined
  return options === undefined ? otherwise : (error) => options.maskError(error, options.errorMessage)
}

/** Code that reads its own value under one of these names would read ours, or the other way round. @throws TenancyError INVALID_OPTION */
function assertFree(context: object, tenant: Tenant<any> | undefined): void {
  for (const name of ['tenant', 'requireTenant', 'requireShared', 'requireMember']) {
    const value: unknown = Reflect.get(context, name)
    if (value === undefined || (name === 'tenant' && value === tenant)) continue
    throw new TenancyError(
      'INVALID_OPTION',
      `The context already has "${name}" when tenantContext sets it. Give the one of the application another name, and use tenantContext once.`,
      { details: { what: 'tenantContext', option: name } },
    )
  }
}

export interface YogaErrorsOptions extends RefusalOptions {
  /** Receives each error that is answered with 500 or more. @default console.error */
  log?: (error: Error) => void
}

/**
 * For `maskedErrors: { maskError }`: a TenancyError is answered by its code, also one inside an error of an ORM; a GraphQLError of the application as it is; every other error
 * without its message, in development, too: it may hold SQL and values.
 * @example createYoga({ schema, maskedErrors: { maskError: tenancyErrors() } })
 * @throws TenancyError INVALID_OPTION
 */
export function tenancyErrors(options: YogaErrorsOptions = {}): MaskError {
  assertKnownKeys('tenancyErrors', options, ['log', 'retryAfterMs'], 'INVALID_OPTION')
  const { log = toConsole } = options
  const retryAfterMs = checkedRetryAfter('tenancyErrors', options)
  return (error) => {
    const located = isGraphQLError(error) ? error : undefined
    // What a resolver threw stands in the error by which graphql says where.
    const answer = errorAnswer(located?.originalError ?? error, { retryAfterMs })
    if (answer === undefined && located !== undefined && isOfApplication(located)) return located
    const { status, headers, body } = answer ?? problemAnswer('INTERNAL_ERROR')
    if (status >= 500) log((located?.originalError ?? error) as Error)
    return graphqlError({ status, headers, body }, located)
  }
}

/** As Yoga decides: an error of the database does not become one of the application by a GraphQLError around it. */
function isOfApplication({ originalError }: GraphQLError): boolean {
  return (
    originalError === undefined || originalError === null || (isGraphQLError(originalError) && isOfApplication(originalError))
  )
}

/** Of any copy of graphql. */
function isGraphQLError(error: unknown): error is GraphQLError {
  return error instanceof Error && error.name === 'GraphQLError'
}

function refusalOf(answer: HttpAnswer): GraphQLError {
  return graphqlError(answer, undefined)
}

/** Yoga answers with the status and the headers that stand in `extensions.http`, which clients do not see. */
function graphqlError({ status, headers, body }: HttpAnswer, located: GraphQLError | undefined): GraphQLError {
  const { title, detail = title, code } = JSON.parse(body) as { title: string; detail?: string; code: string }
  const { 'content-type': _type, ...others } = headers
  const extensions: GraphQLErrorExtensions = { code, http: { status, headers: others } }
  return new GraphQLError(detail, {
    extensions,
    ...(located && { nodes: located.nodes, source: located.source, positions: located.positions, path: located.path }),
  })
}

function noUser(): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    'requireMember does not know who is signed in. Give tenantContext the option user: (context) => the id of the user.',
    { details: { what: 'requireMember', option: 'user' } },
  )
}

function toConsole(error: Error): void {
  // oxlint-disable-next-line no-console -- as Yoga does with errors that it masks
  console.error(error)
}
