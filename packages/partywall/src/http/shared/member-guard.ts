/**
 * Whether the user of a request is a member of its tenant, and may do what a route needs. The middleware that enters the tenant leaves the guard on the
 * request, so that `requireMember` of a route needs no tenancy; the user is asked for when the first route needs it, behind the sign-in of the application.
 */
import { TenancyError, tenancyErrorOf } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { seen } from '../../seen.ts'
import type { MemberTenancy } from '../../ports/tenancy-like.ts'
import type { Member, MemberRequirement } from '../../types.ts'
import { notATenancy } from '../../not-a-tenancy.ts'
import { problemAnswer, type HttpAnswer } from './problem.ts'
import { errorAnswer } from './refusal.ts'

/** A user who is signed in; or the one as whom an operator acts, with the operator. */
export interface SignedInUser {
  readonly userId: string
  readonly impersonatedBy?: string | undefined
}

/** The id of the user that is signed in, as `tenancy.members` has it, or the user with the operator behind it; undefined or null when no one is. */
export type UserOf<R> = (
  request: R,
) => string | SignedInUser | null | undefined | Promise<string | SignedInUser | null | undefined>

/** The member of a request. */
export interface RequestMember extends Member {
  /** The operator who acts as this member. Absent: the member is here. */
  readonly impersonatedBy?: string
}

export interface MemberGuardOptions<R> {
  /** Who is signed in. It must come from what your sign-in has verified: a session or a token, never a plain header. */
  user: UserOf<R>
}

/** One of both: the member, or the answer to send. */
export type Guarded =
  | { readonly member: RequestMember; readonly answer?: undefined }
  | { readonly member?: undefined; readonly answer: HttpAnswer }

export type MemberGuard<R> = (request: R, required?: MemberRequirement) => Promise<Guarded>

/**
 * Makes the function that decides about the user of each request, in the scope of its tenant. It answers 404 outside of a tenant, 401 where no one is signed in, and
 * 403 for a user who is not a member or lacks a role or a permission. One body for each, whatever the user is called. Costs a lookup of the member, mostly from the cache.
 * @example
 * const guard = createMemberGuard(tenancy, { user: (req: Request) => req.session.userId })
 * const { member, answer } = await guard(req, { roles: ['admin'] })
 * @throws TenancyError INVALID_OPTION
 */
export function createMemberGuard<R>(
  tenancy: Partial<MemberTenancy>,
  options: MemberGuardOptions<R>,
  what = 'createMemberGuard',
): MemberGuard<R> {
  assertKnownKeys(what, options, ['user'], 'INVALID_OPTION')
  const user = checkedUser<R>(what, options.user)
  assertHasMembers(what, tenancy)
  return async (request, required) => {
    const tenant = tenancy.tryCurrent()
    if (tenant === undefined) return { answer: problemAnswer('TENANT_REQUIRED') }
    const signedIn = signedInUser(await user(request))
    if (signedIn === undefined) return { answer: problemAnswer('SIGN_IN_REQUIRED') }
    const { userId, impersonatedBy } = signedIn
    try {
      const found = await tenancy.members.check(tenant, userId, required)
      const member = impersonatedBy === undefined ? found : Object.freeze({ ...found, impersonatedBy })
      noteMember(request, member)
      return { member }
    } catch (error) {
      const refused = tenancyErrorOf(error)
      if (refused !== undefined && refusals.has(refused.code)) return { answer: errorAnswer(refused)! }
      // The route or the option is at fault, and not the client.
      if (refused?.code === 'INVALID_ARGUMENT') throw invalidGuard(what, refused)
      throw error
    }
  }
}

/** Leaves the guard on a request, for `guardRequest`. */
export function markGuard(request: object, guard: MemberGuard<any>): void {
  Object.defineProperty(request, guardKey, { value: guard, configurable: true })
}

/**
 * Asks the guard that the middleware has left on the request.
 * @param what the function of the adapter, for a message
 * @throws TenancyError INVALID_OPTION when there is none: the middleware was not given `user`, or is not in front of this route
 */
export function guardRequest<R extends object>(what: string, request: R, required?: MemberRequirement): Promise<Guarded> {
  const guard = Reflect.get(request, guardKey) as MemberGuard<R> | undefined
  if (guard !== undefined) return guard(request, required)
  return Promise.reject(
    new TenancyError(
      'INVALID_OPTION',
      `${what} does not know who is signed in. Give the option user: (request) => the id of the user to the function that enters the scope of the tenant, ` +
        'and mount it in front of this route.',
      { details: { what, option: 'user' } },
    ),
  )
}

/**
 * The member that `requireMember` has let in.
 * @example const { userId, role } = memberOf(req)
 * @throws TenancyError INVALID_OPTION in a route without `requireMember`
 */
export function memberOf(request: object): RequestMember {
  const member = Reflect.get(request, memberKey) as RequestMember | undefined
  if (member !== undefined) return member
  throw new TenancyError('INVALID_OPTION', 'No member was let in by this request: memberOf works behind requireMember only.', {
    details: { what: 'memberOf' },
  })
}

function assertHasMembers(what: string, tenancy: Partial<MemberTenancy>): asserts tenancy is MemberTenancy {
  if (typeof tenancy.tryCurrent === 'function' && typeof tenancy.members?.check === 'function') return
  throw notATenancy(what, tenancy)
}

/** @throws TenancyError INVALID_OPTION */
export function checkedUser<R>(what: string, user: unknown): UserOf<R> {
  if (typeof user === 'function') return user as UserOf<R>
  throw new TenancyError(
    'INVALID_OPTION',
    `"user" of ${what} must be a function that returns the id of the user; it is ${seen(user)}.`,
    {
      details: { what, option: 'user', seen: seen(user) },
    },
  )
}

/** Undefined where no one is. */
export function signedInUser(user: string | SignedInUser | null | undefined): SignedInUser | undefined {
  if (user === undefined || user === null) return undefined
  const signedIn = typeof user === 'object' ? user : { userId: user }
  return signedIn.userId === '' ? undefined : signedIn
}

// Shared by all copies of the package in a process.
const guardKey = Symbol.for('partywall.request.memberGuard')
const memberKey = Symbol.for('partywall.request.member')

/** Not on a frozen context of an application, which would throw. */
function noteMember(request: unknown, value: RequestMember): void {
  if (Object.isExtensible(request)) Object.defineProperty(request as object, memberKey, { value, configurable: true })
}

function invalidGuard(what: string, cause: TenancyError): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    `A route of members cannot be guarded as ${what} or requireMember was told: ${cause.summary}`,
    {
      cause,
      details: { what },
    },
  )
}

const refusals = new Set<string>(['NOT_A_MEMBER', 'NOT_PERMITTED_ROLE'])
