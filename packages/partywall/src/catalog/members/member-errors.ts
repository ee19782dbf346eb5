/** Refusals about members. A message names the user by the id that the application gave; it holds no address and no token. */
import { TenancyError } from '../../errors.ts'
import { isPlainText } from '../../scope/acting.ts'
import { nearest } from '../../nearest.ts'
import { seen } from '../../seen.ts'

type TenantNames = { readonly schema: string }

export function notAMember({ schema }: TenantNames, userId: string): TenancyError {
  return new TenancyError(
    'NOT_A_MEMBER',
    `The user ${JSON.stringify(userId)} is not a member of the tenant ${JSON.stringify(schema)}. tenancy.members.add makes one of a user.`,
    { details: { schema, userId } },
  )
}

export function notPermitted({ schema }: TenantNames, userId: string, role: string, lack: string): TenancyError {
  return new TenancyError(
    'NOT_PERMITTED_ROLE',
    `The user ${JSON.stringify(userId)} may not do this in the tenant ${JSON.stringify(schema)}: ${lack}.`,
    { details: { schema, userId, role } },
  )
}

export function memberExists({ schema }: TenantNames, userId: string): TenancyError {
  return new TenancyError(
    'MEMBER_EXISTS',
    `The user ${JSON.stringify(userId)} is a member of the tenant ${JSON.stringify(schema)} already. tenancy.members.setRole changes the role.`,
    { details: { schema, userId } },
  )
}

export function lastOwner({ schema }: TenantNames, userId: string): TenancyError {
  return new TenancyError(
    'LAST_OWNER',
    `The user ${JSON.stringify(userId)} is the last owner of the tenant ${JSON.stringify(schema)}. Make another member its owner first: ` +
      'tenancy.members.transferOwnership does both at once.',
    { details: { schema, userId } },
  )
}

export function seatsTaken({ schema }: TenantNames, seats: number): TenancyError {
  return new TenancyError(
    'SEATS_TAKEN',
    `The tenant ${JSON.stringify(schema)} may have ${seats} members, as the option "members.seats" says, and has them already.`,
    { details: { schema, seats } },
  )
}

/** @param roles those that there are */
export function unknownRole({ schema }: TenantNames, role: unknown, roles: readonly string[]): TenancyError {
  const suggestion = typeof role === 'string' ? nearest(role.slice(0, 63), roles) : undefined
  return new TenancyError(
    'UNKNOWN_ROLE',
    `The tenant ${JSON.stringify(schema)} has no role ${seen(role, 'quoted')}. ` +
      (suggestion === undefined ? `It has: ${roles.join(', ')}.` : `Did you mean ${JSON.stringify(suggestion)}?`),
    { details: { schema, role: seen(role, 'quoted'), roles, nearest: suggestion } },
  )
}

export function roleInUse({ schema }: TenantNames, role: string): TenancyError {
  return new TenancyError(
    'ROLE_IN_USE',
    `Members of the tenant ${JSON.stringify(schema)} have the role ${JSON.stringify(role)}. Give them another one first, with tenancy.members.setRole.`,
    { details: { schema, role } },
  )
}

/** The same for a token that was never given out, one that was used, one that was revoked and one that is over. */
export function invalidInvitation(): TenancyError {
  return new TenancyError(
    'INVALID_INVITATION',
    'This invitation cannot be accepted: it is unknown, used, revoked or over, or it is for another address. Invite the user once more with tenancy.members.invite.',
  )
}

export function mayNotJoin({ schema }: TenantNames): TenancyError {
  return new TenancyError(
    'MAY_NOT_JOIN',
    `The tenant ${JSON.stringify(schema)} does not let users join with an address of this domain. tenancy.members.emailDomains.add permits a domain.`,
    { details: { schema } },
  )
}

/** @param what the call, e.g. `members.add` @throws TenancyError INVALID_ARGUMENT */
export function assertUserId(what: string, userId: unknown): asserts userId is string {
  // It stands in the audit, so each of its characters must be shown where it stands.
  if (typeof userId === 'string' && userId !== '' && userId.length <= 255 && isPlainText(userId)) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `The id of a user for ${what} must be text of 1 to 255 characters, without control characters and line breaks; it is ${seen(userId)}.`,
    { details: { what, option: 'userId' } },
  )
}
