/** Who may call a handler or the handlers of a controller, and for whom it was called. */
import { createParamDecorator, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common'
import { TenancyError } from '../../errors.ts'
import type { MemberRequirement } from '../../types.ts'
import { guardRequest, memberOf } from '../shared/member-guard.ts'
import { problemAnswer, type HttpAnswer } from '../shared/problem.ts'
import { isTenantRequest, tenantOfRequest } from '../shared/request-property.ts'
import { RefusedRequest } from './refused-request.ts'

/** For a controller or a handler. */
export type GuardDecorator = ClassDecorator & MethodDecorator

/** For tenants' routes in an app with `none: 'shared'` or `'pass'`: without a tenant they answer 404. */
export function RequireTenant(): GuardDecorator {
  return guard((request) => (isTenantRequest('RequireTenant', request) ? undefined : problemAnswer('TENANT_REQUIRED')))
}

/** For routes of the shared side (sign-up, billing, admin): on a tenant's side they answer 404. */
export function RequireShared(): GuardDecorator {
  return guard((request) => (isTenantRequest('RequireShared', request) ? problemAnswer('SHARED_REQUIRED') : undefined))
}

/**
 * For routes of members: 401 where no one is signed in, 403 for a user who is not a member of the tenant, or has none of the roles, or lacks one of the permissions.
 * An owner passes. It needs the option `user` of `TenancyModule`. Behind it, `@CurrentMember()` is the member.
 * @example RequireMember({ can: 'polls.write' })
 */
export function RequireMember(required: MemberRequirement = {}): GuardDecorator {
  return guard(async (request) => (await guardRequest('RequireMember', request, required)).answer)
}

/** The tenant of the request; undefined on the shared side. @example list(@CurrentTenant() tenant: Tenant) {} */
export const CurrentTenant: () => ParameterDecorator = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  tenantOfRequest('CurrentTenant', requestOf('CurrentTenant', context)),
)

/** The member that `@RequireMember` has let in. @example list(@CurrentMember() { userId, role }: Member) {} */
export const CurrentMember: () => ParameterDecorator = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  memberOf(requestOf('CurrentMember', context)),
)

function guard(refuse: (request: object) => HttpAnswer | undefined | Promise<HttpAnswer | undefined>): GuardDecorator {
  const canActivate = async (context: ExecutionContext): Promise<boolean> => {
    const answer = await refuse(requestOf('A guard of partywall', context))
    if (answer !== undefined) throw new RefusedRequest(answer)
    return true
  }
  return UseGuards({ canActivate } satisfies CanActivate)
}

/** @throws TenancyError INVALID_OPTION for a handler that has no request of HTTP */
function requestOf(what: string, context: ExecutionContext): object {
  const type = context.getType<string>()
  // @nestjs/graphql keeps the request in the context of the query, which is the third argument of each resolver.
  const request: unknown =
    type === 'graphql' ? context.getArgByIndex<{ req?: unknown } | undefined>(2)?.req : context.switchToHttp().getRequest()
  if ((type === 'http' || type === 'graphql') && typeof request === 'object' && request !== null) return request
  throw new TenancyError(
    'INVALID_OPTION',
    `${what} works for requests of HTTP, and this handler is called by "${type}". Enter the tenant with tenancy.run() there.`,
    { details: { what, seen: type } },
  )
}
