/** An endpoint with which a user chooses the tenant to work in. */
import { tenancyErrorOf, type TenancyErrorCode } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { SwitchTenancy } from '../../ports/tenancy-like.ts'
import type { Attributes, Membership, TenantRef } from '../../types.ts'
import { checkedUser, signedInUser, type MemberGuardOptions } from './member-guard.ts'
import { problemAnswer, type HttpAnswer } from './problem.ts'

/** One of both: the membership to keep in the session, or the answer to send. */
export type Switched<A extends object = Attributes> =
  | { readonly membership: Membership<A>; readonly answer?: undefined }
  | { readonly membership?: undefined; readonly answer: HttpAnswer }

/**
 * Makes the function behind such an endpoint: it checks that the user is a member, and records the choice in the audit on behalf of the user. A tenant of others, one
 * that does not exist, one that is suspended and a text that names none get one answer, 403, byte for byte, and so does an operator who acts as a user; where no one is signed in it is 401. Keeping the choice, in a
 * session or a cookie, is for the application. An endpoint that changes state by a cookie needs the same protection against forged requests as your others.
 * @example
 * const switchTenant = createSwitch(tenancy, { user: (req: Request) => req.session.userId })
 * const { membership, answer } = await switchTenant(req, req.body.tenant)
 * @throws TenancyError INVALID_OPTION
 */
export function createSwitch<R, A extends object = Attributes>(
  tenancy: SwitchTenancy<A>,
  options: MemberGuardOptions<R>,
): (request: R, tenant: unknown) => Promise<Switched<A>> {
  assertKnownKeys('createSwitch', options, ['user'], 'INVALID_OPTION')
  const user = checkedUser<R>('createSwitch', options.user)
  return async (request, tenant) => {
    const signedIn = signedInUser(await user(request))
    if (signedIn === undefined) return { answer: problemAnswer('SIGN_IN_REQUIRED') }
    const { userId, impersonatedBy } = signedIn
    // An operator acts in one tenant, for a reason that was given for it.
    if (impersonatedBy !== undefined) return { answer: problemAnswer('SWITCH_REFUSED') }
    const membership = await switchedAs(tenancy, tenant as TenantRef, userId)
    return membership === undefined ? { answer: problemAnswer('SWITCH_REFUSED') } : { membership }
  }
}

/** Switches on behalf of the user. Undefined where the user may not work in the tenant, or where there is none. */
export async function switchedAs<A extends object>(
  tenancy: SwitchTenancy<A>,
  tenant: TenantRef,
  userId: string,
): Promise<Membership<A> | undefined> {
  try {
    return await tenancy.actingAs(actorOf(userId), () => tenancy.members.switchTo(tenant, userId))
  } catch (error) {
    if (!refused.has(tenancyErrorOf(error)?.code ?? 'NO_TENANT')) throw error
    return undefined
  }
}

const refused = new Set<TenancyErrorCode>(['UNKNOWN_TENANT', 'NOT_A_MEMBER', 'INVALID_TENANT_REF', 'TENANT_SUSPENDED'])

/** An actor is shorter than the id of a user may be. */
function actorOf(userId: string): string {
  return `user:${[...userId].slice(0, 190).join('')}`
}
