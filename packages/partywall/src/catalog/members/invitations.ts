/**
 * Invitations: a token, given out once, with which one user becomes a member. The catalog has its hash only; 32 random bytes need no slow hash. It is used in the
 * transaction that makes the member: a refusal for another reason, such as a full tenant, leaves it as it was.
 */
import { createHash, randomBytes } from 'node:crypto'
import { assertKnownKeys } from '../../known-keys.ts'
import { isUuid } from '../../names/identifier.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { Invitation, Member, TenantRef } from '../../types.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import type { ActionName } from '../audit/actions.ts'
import type { Details } from '../audit/details.ts'
import { recorded } from '../audit/record.ts'
import { parseEmail } from './email-address.ts'
import {
  insertInvitationSql,
  invitationPageSql,
  openInvitationSql,
  revokeForAddressSql,
  revokeInvitationSql,
  useInvitationSql,
} from './invitations-sql.ts'
import { assertRole, changing, enterMember, invalid, type MemberParts } from './member-changes.ts'
import { assertUserId, invalidInvitation } from './member-errors.ts'
import { pageOf } from './members.ts'

export interface NewInvitation {
  /** To whom your application sends it. */
  readonly email: string
  /** @default 'member' */
  readonly role?: string | undefined
  /** After how many milliseconds it cannot be accepted any more: 1000 to 31,622,400,000 (a leap year). @default 604_800_000, seven days */
  readonly expiresInMs?: number | undefined
}

/** An invitation with its token, which nothing gives out again. */
export interface CreatedInvitation extends Invitation {
  readonly token: string
}

export interface InvitationListOptions {
  /** Most invitations in one list. 1 to 1000. @default 100 */
  readonly limit?: number | undefined
  /** The last invitation of the page before, or its id. Absent: from the start. */
  readonly cursor?: Invitation | string | undefined
}

export interface AcceptOptions {
  /** The verified address of the user: an invitation for another address is refused. @default it is not compared */
  readonly email?: string | undefined
}

const week = 7 * 86_400_000
const leapYear = 366 * 86_400_000
/** 32 bytes in base64url. */
const tokenForm = /^[A-Za-z0-9_-]{43}$/

/** tenancy.members.invite */
export function invite<A extends object>(
  parts: MemberParts<A>,
  ref: TenantRef,
  input: NewInvitation,
): Promise<CreatedInvitation> {
  assertKnownKeys('members.invite', input, ['email', 'role', 'expiresInMs'])
  const { role = 'member', expiresInMs = week } = input
  const email = parseEmail('members.invite', input.email).text
  const range = { least: 1000, most: leapYear }
  assertWholeNumber('INVALID_ARGUMENT', '"expiresInMs" of members.invite', 'expiresInMs', expiresInMs, range)
  return changing(parts, ref, async (transaction, tenant) => {
    await assertRole(parts, transaction, tenant, role)
    await transaction.query(recordedAs('invitation.revoked', revokeForAddressSql(tenant.id, email), { replaced: true }))
    const token = randomBytes(32).toString('base64url')
    const row = { tenantId: tenant.id, hash: hashOf(token), email, role, expiresInMs }
    const created = await one(transaction, recordedAs('invitation.created', insertInvitationSql(row), { role }))
    return Object.freeze({ ...created!, token })
  })
}

/** tenancy.members.accept */
export async function accept<A extends object>(
  parts: MemberParts<A> & { readonly catalog: Queryable },
  token: string,
  userId: string,
  options: AcceptOptions = {},
): Promise<Member> {
  assertKnownKeys('members.accept', options, ['email'])
  assertUserId('members.accept', userId)
  const email = options.email === undefined ? undefined : parseEmail('members.accept', options.email).text
  const found = isToken(token) ? await one(parts.catalog, openInvitationSql(hashOf(token))) : undefined
  if (found === undefined || (email !== undefined && found.email !== email)) throw invalidInvitation()
  return changing(parts, { id: found.tenantId }, async (transaction, tenant) => {
    if (closed.has(tenant.status)) throw invalidInvitation()
    if ((await one(transaction, useInvitationSql(found.id, userId))) === undefined) throw invalidInvitation()
    const { role, id } = found
    await assertRole(parts, transaction, tenant, role)
    return enterMember(parts, transaction, tenant, { userId, role, action: 'member.accepted', details: { invitation: id } })
  })
}

/** tenancy.members.revoke */
export function revoke<A extends object>(parts: MemberParts<A>, ref: TenantRef, id: string): Promise<Invitation> {
  if (typeof id !== 'string' || !isUuid(id)) throw invalid('members.revokeInvitation', 'id', 'the id of an invitation')
  return changing(parts, ref, async (transaction, tenant) => {
    const revoked = await one(transaction, recordedAs('invitation.revoked', revokeInvitationSql(tenant.id, id)))
    if (revoked === undefined) throw invalidInvitation()
    return revoked
  })
}

/** tenancy.members.invitations */
export async function listInvitations<A extends object>(
  { tenants, catalog }: MemberParts<A> & { readonly catalog: Queryable },
  ref: TenantRef,
  options: InvitationListOptions = {},
): Promise<Invitation[]> {
  const { limit, cursor } = pageOf('members.invitations', options)
  const after = typeof cursor === 'object' ? (cursor as Invitation).id : (cursor as string | undefined)
  if (after !== undefined && !isUuid(after)) throw invalid('members.invitations', 'cursor', 'an invitation, or its id')
  const { id } = await tenants.get(ref)
  const { rows } = await catalog.query<InvitationRow>(invitationPageSql(id, limit, after))
  return rows.map(toInvitation)
}

/** No user can work in these. */
const closed = new Set(['archived', 'deleting', 'failed'])

interface InvitationRow extends Record<string, unknown> {
  readonly id: string
  readonly tenant_id: string
  readonly email: string
  readonly role: string
  readonly state: Invitation['state']
  readonly accepted_by: string | null
  readonly created_at: string
  readonly expires_at: string
}

function toInvitation(row: InvitationRow): Invitation {
  return Object.freeze({
    id: row.id,
    tenantId: row.tenant_id,
    email: row.email,
    role: row.role,
    state: row.state,
    ...(row.accepted_by !== null && { acceptedBy: row.accepted_by }),
    createdAt: new Date(Number(row.created_at)),
    expiresAt: new Date(Number(row.expires_at)),
  })
}

async function one(queryable: Queryable, statement: Statement): Promise<Invitation | undefined> {
  const { rows } = await queryable.query<InvitationRow>(statement)
  return rows[0] === undefined ? undefined : toInvitation(rows[0])
}

/** The address is not recorded: entries of the audit outlive the tenant. */
function recordedAs(action: ActionName, change: Statement, details: Details = {}): Statement {
  return recorded(change, { tenantId: 'tenant_id', object: 'id' }, { action, details })
}

function isToken(token: unknown): token is string {
  return typeof token === 'string' && tokenForm.test(token)
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
