/** What a component, an action or a handler is wrapped in inside of `withTenant`, `tenantAction` and `tenantRoute`. Each keeps the arguments of the function as they are. */
import type { Member, MemberRequirement } from '../../types.ts'
import { guardRequest, memberOf as memberOfRequest } from '../shared/member-guard.ts'
import { problemAnswer } from '../shared/problem.ts'
import { tenantPath as pathOf } from '../shared/request-mount.ts'
import { isTenantRequest } from '../shared/request-property.ts'
import { currentCall } from './call.ts'
import { RefusedCall } from './refused-call.ts'

/**
 * For what only members may do: 401 where no one is signed in, 403 for a user who is not a member of the tenant, or has none of the roles, or lacks one of the permissions. An
 * owner passes. It needs the option `user` of `tenantNext`. Inside, `memberOf()` is the member.
 * @example export const DELETE = tenantRoute(requireMember({ can: 'polls.write' }, async (request: Request) => remove(request)))
 * @example export const addPoll = tenantAction(requireMember({}, async (form: FormData) => add(form)))
 */
export function requireMember<Args extends unknown[], T>(
  required: MemberRequirement,
  fn: (...args: Args) => T,
): (...args: Args) => Promise<Awaited<T>> {
  return async (...args: Args): Promise<Awaited<T>> => {
    const { answer } = await guardRequest('requireMember', currentCall('requireMember'), required)
    if (answer !== undefined) throw new RefusedCall(answer)
    return await fn(...args)
  }
}

/** For what is a tenant's, with `none: 'shared'` or `'pass'`: without a tenant it is "not found". */
export function requireTenant<Args extends unknown[], T>(fn: (...args: Args) => T): (...args: Args) => Promise<Awaited<T>> {
  return async (...args: Args): Promise<Awaited<T>> => {
    if (!isTenantRequest('requireTenant', currentCall('requireTenant'))) throw new RefusedCall(problemAnswer('TENANT_REQUIRED'))
    return await fn(...args)
  }
}

/** For what belongs to the shared side (sign-up, billing, admin): on a tenant's side it is "not found". */
export function requireShared<Args extends unknown[], T>(fn: (...args: Args) => T): (...args: Args) => Promise<Awaited<T>> {
  return async (...args: Args): Promise<Awaited<T>> => {
    if (isTenantRequest('requireShared', currentCall('requireShared'))) throw new RefusedCall(problemAnswer('SHARED_REQUIRED'))
    return await fn(...args)
  }
}

/**
 * The member that `requireMember` has let in.
 * @throws TenancyError INVALID_OPTION outside of `requireMember`
 */
export function memberOf(): Member {
  return memberOfRequest(currentCall('memberOf'))
}

/**
 * A path as the browser must ask for it: with the part that names the tenant, where the path does (`byPath`).
 * @example redirect(tenantPath('/polls')) // to `/t/acme/polls`
 * @throws TenancyError INVALID_ARGUMENT for a path that a browser would take to another site or out of the tenant
 */
export function tenantPath(path: string): string {
  return pathOf(currentCall('tenantPath'), path)
}
