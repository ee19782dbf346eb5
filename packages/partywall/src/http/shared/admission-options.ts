/** What an application decides about requests that get no tenant, or the wrong one; and the check of it at the start of the app. */
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { seen } from '../../seen.ts'
import type { NamedResolver, RequestFacts, Resolver } from '../../ports/resolver.ts'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import type { Attributes, Tenant, TenantRef } from '../../types.ts'
import { checkedMaintenance, type MaintenanceOptions } from './maintenance-pass.ts'
import { createMemberGuard, type MemberGuard, type UserOf } from './member-guard.ts'
import { notATenancy } from '../../not-a-tenancy.ts'
import type { HttpAnswer } from './problem.ts'
import { checkedRetryAfter, type RefusalOptions, type Refused } from './refusal.ts'

/** 404; 400; the request goes on in the shared schema; or in a tenant of your choice. */
export type UnknownPolicy = 'refuse' | 'bad-request' | 'shared' | { readonly tenant: TenantRef }

export interface AdmissionOptions<A extends object = Attributes, R = RequestFacts> extends RefusalOptions {
  /**
   * What happens to a request that names no tenant: it is refused with 404 or 400; it goes on in the shared schema, or in a tenant of your choice; or
   * it goes on outside every scope, for an app that has pages without any database. @default 'refuse'
   */
  none?: UnknownPolicy | 'pass'
  /** The same for a request that names a tenant which does not exist, or which `authorize` refuses. @default 'refuse' */
  unknown?: UnknownPolicy
  /**
   * Whether the user of this request may enter this tenant. Anything but true is answered like a tenant that does not exist. It runs outside every scope,
   * before the scope is entered. An app whose resolvers read what a client chooses (header, query, cookie, origin, path), or chose earlier (session), does not start
   * without it, unless they say `trusted`.
   * @example authorize: (tenant, req) => tenancy.members.has(tenant, req.userId)
   */
  authorize?(tenant: Tenant<A>, request: R): boolean | Promise<boolean>
  /**
   * Who is signed in, for `requireMember`: the id of the user, from what your sign-in has verified; or `{ userId, impersonatedBy }`, where an operator acts as the user.
   * It is called when a route needs it, so the sign-in may stand between this adapter and the route. @default none
   */
  user?: UserOf<R>
  /** Your own pages in place of the problem documents, by outcome. One that returns undefined leaves the document. They run outside every scope. */
  answers?: RefusalAnswers<A>
  /** Who may enter a tenant in maintenance all the same. @default no one */
  maintenance?: MaintenanceOptions
}

export type RefusalAnswers<A extends object = Attributes> = {
  readonly [Outcome in Exclude<Refused<A>['outcome'], 'forbidden'>]?: RefusalPage<Extract<Refused<A>, { outcome: Outcome }>>
}

/** Makes an answer of your own. As a method, so that options for a tenant of any attributes fit an adapter that knows them. */
export type RefusalPage<Outcome> = {
  page(resolution: Outcome, facts: RequestFacts): HttpAnswer | undefined | Promise<HttpAnswer | undefined>
}['page']

export interface CheckedAdmission<A extends object, R> extends Required<
  Pick<AdmissionOptions<A, R>, 'none' | 'unknown' | 'answers' | 'retryAfterMs' | 'maintenance'>
> {
  readonly authorize: AdmissionOptions<A, R>['authorize']
  readonly guard: MemberGuard<R> | undefined
}

/** For adapters, whose own options are beside these. */
export const admissionKeys = ['none', 'unknown', 'authorize', 'user', 'answers', 'maintenance', 'retryAfterMs'] as const

/** @throws TenancyError INVALID_OPTION */
export function checkedAdmission<A extends object, R>(
  what: string,
  tenancy: Partial<Pick<HttpTenancy<A>, 'resolve' | 'run' | 'options' | 'tryCurrent' | 'members'>> | undefined,
  options: AdmissionOptions<A, R>,
): CheckedAdmission<A, R> {
  assertTenancy(what, tenancy)
  assertKnownKeys(what, options, admissionKeys, 'INVALID_OPTION')
  const { authorize, user, answers = {} } = options
  assertFunctions(what, { authorize })
  assertKnownKeys(
    `"answers" of ${what}`,
    answers,
    ['none', 'unknown', 'invalid', 'unauthorized', 'ambiguous', 'suspended', 'maintenance'],
    'INVALID_OPTION',
  )
  assertFunctions(what, answers)
  if (authorize === undefined) assertNotSpoofable(what, tenancy?.options?.resolve ?? [])
  return {
    none: checkedPolicy(what, 'none', options.none ?? 'refuse', ['refuse', 'bad-request', 'shared', 'pass']),
    unknown: checkedPolicy(what, 'unknown', options.unknown ?? 'refuse', ['refuse', 'bad-request', 'shared']),
    authorize,
    guard: user === undefined ? undefined : createMemberGuard<R>(tenancy ?? {}, { user }, what),
    answers,
    retryAfterMs: checkedRetryAfter(what, options),
    maintenance: checkedMaintenance(what, options.maintenance ?? {}),
  }
}

/** At the start of the app, not at its first request: there the error would be a TypeError without a name of this package. */
function assertTenancy(what: string, given: Partial<Pick<HttpTenancy, 'resolve' | 'run'>> | undefined): void {
  if (typeof given?.resolve === 'function' && typeof given.run === 'function') return
  throw notATenancy(what, given)
}

/** A resolver of your own may check what it reads; what one of partywall reads is known. */
function assertNotSpoofable(what: string, resolvers: readonly Resolver[]): void {
  const open = resolvers.find((resolver): resolver is NamedResolver => {
    return typeof resolver !== 'function' && resolver.reads !== undefined && resolver.trusted !== true
  })
  if (open === undefined) return
  throw new TenancyError(
    'INVALID_OPTION',
    `The resolver ${JSON.stringify(open.name)} reads ${whatOf(open)}, and nothing says who checks that the user may enter the tenant. ` +
      `Give ${what} the option authorize: (tenant, request) => boolean. Where a gateway sets the value, or your own authentication checks it, ` +
      'write { trusted: true } in the options of the resolver instead.',
    { details: { what, option: 'authorize', resolver: open.name } },
  )
}

function whatOf({ reads }: NamedResolver): string {
  return reads === 'session' ? 'a choice of a user who may have left the tenant since' : 'what every client can choose'
}

function checkedPolicy<P extends string>(
  what: string,
  option: string,
  policy: P | { readonly tenant: TenantRef },
  allowed: readonly P[],
): P | { readonly tenant: TenantRef } {
  if (allowed.includes(policy as P)) return policy
  const tenant: unknown = typeof policy === 'object' && policy !== null ? Reflect.get(policy, 'tenant') : undefined
  if ((typeof tenant === 'string' && tenant !== '') || (typeof tenant === 'object' && tenant !== null)) return policy
  const shown = seen(policy, 'quoted')
  const names = allowed.map((name) => `'${name}'`).join(', ')
  throw new TenancyError('INVALID_OPTION', `"${option}" of ${what} must be ${names} or { tenant: … }; it is ${shown}.`, {
    details: { option, seen: shown },
  })
}

function assertFunctions(what: string, given: object): void {
  for (const [option, value] of Object.entries(given)) {
    if (value === undefined || typeof value === 'function') continue
    const shown = seen(value, 'quoted')
    throw new TenancyError('INVALID_OPTION', `"${option}" of ${what} must be a function; it is ${shown}.`, {
      details: { option, seen: shown },
    })
  }
}
