/** Changes of the members and the roles of a tenant. Each locks the row of the tenant, and is recorded in the same statement. */
import { isRoleName, type MembersOption } from '../../config/members-option.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { Attributes, Member, Tenant, TenantRef, TenantRole } from '../../types.ts'
import type { ActionName } from '../audit/actions.ts'
import type { Details } from '../audit/details.ts'
import { recorded } from '../audit/record.ts'
import { parseTenantRef } from '../tenants/tenant-ref.ts'
import type { Tenants } from '../tenants/tenants.ts'
import { assertUserId, lastOwner, memberExists, notAMember, roleInUse, seatsTaken, unknownRole } from './member-errors.ts'
import { toMember, type MemberRow } from './member-row.ts'
import {
  countMembersSql,
  defineRoleSql,
  definedRolesSql,
  deleteMemberSql,
  insertMemberSql,
  memberSql,
  otherOwnerSql,
  removeRoleSql,
  roleIsUsedSql,
  setRoleSql,
} from './members-sql.ts'
import type { Members } from './members.ts'

export interface MemberParts<A extends object = Attributes> {
  readonly tenants: Tenants<A>
  readonly members: Members<A>
  readonly options: { readonly members: MembersOption }
}

/** A role that a tenant has defined takes the place of none of these. */
const mostRoles = 100

/** tenancy.members.add */
export function addMember<A extends object>(
  parts: MemberParts<A>,
  ref: TenantRef,
  userId: string,
  options: { readonly role?: string | undefined } = {},
): Promise<Member> {
  assertKnownKeys('members.add', options, ['role'])
  assertUserId('members.add', userId)
  return changing(parts, ref, async (transaction, tenant) => {
    const { role = 'member' } = options
    await assertRole(parts, transaction, tenant, role)
    return enterMember(parts, transaction, tenant, { userId, role, action: 'member.added' })
  })
}

/** tenancy.members.remove */
export function removeMember<A extends object>(parts: MemberParts<A>, ref: TenantRef, userId: string): Promise<Member> {
  assertUserId('members.remove', userId)
  return changing(parts, ref, async (transaction, tenant) => {
    const member = await memberIn(parts, transaction, tenant, userId)
    await assertOtherOwner(transaction, tenant, member)
    const { id } = tenant
    return one(parts, transaction, recordedAs('member.removed', deleteMemberSql(id, userId), { role: member.role }))
  })
}

/** tenancy.members.setRole */
export function setRole<A extends object>(parts: MemberParts<A>, ref: TenantRef, userId: string, role: string): Promise<Member> {
  assertUserId('members.setRole', userId)
  return changing(parts, ref, async (transaction, tenant) => {
    const member = await memberIn(parts, transaction, tenant, userId)
    await assertRole(parts, transaction, tenant, role)
    if (member.role === role) return member
    await assertOtherOwner(transaction, tenant, member)
    return one(parts, transaction, recordedAs('member.role', setRoleSql(tenant.id, userId, role), { before: member.role, role }))
  })
}

export interface OwnershipTransfer {
  /** The owner. */
  readonly from: string
  /** A member of the tenant. */
  readonly to: string
  /** What the owner is afterwards. @default 'admin' */
  readonly role?: string | undefined
}

/** tenancy.members.transferOwnership */
export function transferOwnership<A extends object>(
  parts: MemberParts<A>,
  ref: TenantRef,
  transfer: OwnershipTransfer,
): Promise<Member> {
  assertKnownKeys('members.transferOwnership', transfer, ['from', 'to', 'role'])
  const { from, to, role = 'admin' } = transfer
  for (const userId of [from, to]) assertUserId('members.transferOwnership', userId)
  if (from === to) throw invalid('members.transferOwnership', 'to', 'another user than "from"')
  return changing(parts, ref, async (transaction, tenant) => {
    const owner = await memberIn(parts, transaction, tenant, from)
    if (owner.role !== 'owner')
      throw invalid('members.transferOwnership', 'from', `an owner; the user has the role ${owner.role}`)
    await memberIn(parts, transaction, tenant, to)
    await assertRole(parts, transaction, tenant, role)
    const next = await one(parts, transaction, recordedAs('member.ownership', setRoleSql(tenant.id, to, 'owner'), { from }))
    await transaction.query(recordedAs('member.role', setRoleSql(tenant.id, from, role), { before: 'owner', role }))
    return next
  })
}

/** tenancy.members.defineRole */
export function defineRole<A extends object>(
  parts: MemberParts<A>,
  ref: TenantRef,
  name: string,
  role: { readonly can: readonly string[] },
): Promise<TenantRole> {
  const what = 'members.defineRole'
  assertKnownKeys(what, role, ['can'])
  const { roles } = parts.members
  if (!isRoleName(name)) throw invalid(what, 'name', '1 to 63 lower-case letters, digits, _ and -, with a letter first')
  if (roles.configured.includes(name))
    throw invalid(what, 'name', `none of ${roles.configured.join(', ')}: these are the same in each tenant`)
  if (!Array.isArray(role.can)) throw invalid(what, 'can', 'a list of permissions')
  const can = [...new Set(role.can as readonly unknown[])].map((permission) => {
    if (typeof permission === 'string' && roles.grantable.includes(permission)) return permission
    throw invalid(
      what,
      'can',
      `permissions that the option "members.permissions" offers: ${roles.grantable.join(', ') || 'none'}`,
    )
  })
  return changing(parts, ref, async (transaction, tenant) => {
    const defined = await transaction.query(definedRolesSql(tenant.id))
    const isNew = !defined.rows.some((row) => row.name === name)
    if (isNew && defined.rows.length >= mostRoles) throw invalid(what, 'name', `one of at most ${mostRoles} roles of a tenant`)
    await transaction.query(recordedRole('role.defined', defineRoleSql(tenant.id, name, can), { can }))
    return { name, can, by: 'tenant' } as const
  })
}

/** tenancy.members.removeRole */
export function removeRole<A extends object>(parts: MemberParts<A>, ref: TenantRef, name: string): Promise<void> {
  return changing(parts, ref, async (transaction, tenant) => {
    if (!isRoleName(name)) throw unknownRole(tenant, name, await roleNames(parts, transaction, tenant.id))
    if ((await transaction.query(roleIsUsedSql(tenant.id, name))).rows.length > 0) throw roleInUse(tenant, name)
    const { rows } = await transaction.query(recordedRole('role.removed', removeRoleSql(tenant.id, name)))
    if (rows.length === 0) throw unknownRole(tenant, name, await roleNames(parts, transaction, tenant.id))
  })
}

/** A new member, inside the transaction that locks the tenant. @throws TenancyError MEMBER_EXISTS, SEATS_TAKEN */
export async function enterMember<A extends object>(
  parts: MemberParts<A>,
  transaction: Queryable,
  tenant: Tenant<A>,
  { userId, role, action, details = {} }: { userId: string; role: string; action: ActionName; details?: Details },
): Promise<Member> {
  const insert = recordedAs(action, insertMemberSql(tenant.id, userId, role), { role, ...details })
  const { rows } = await transaction.query<MemberRow>(insert)
  if (rows[0] === undefined) throw memberExists(tenant, userId)
  // Counted with the new one: the transaction is rolled back where that is one too many.
  const seats = seatsOf(parts, tenant)
  if (seats !== undefined && (await countMembers(transaction, tenant.id)) > seats) throw seatsTaken(tenant, seats)
  return toMember(rows[0], parts.members.roles)
}

/** @throws TenancyError UNKNOWN_ROLE */
export async function assertRole<A extends object>(
  parts: MemberParts<A>,
  queryable: Queryable,
  tenant: Tenant<A>,
  role: unknown,
): Promise<void> {
  if (parts.members.roles.configured.includes(role as string)) return
  const names = await roleNames(parts, queryable, tenant.id)
  if (!names.includes(role as string)) throw unknownRole(tenant, role, names)
}

/** Runs a change in a transaction that locks the row of the tenant. Afterwards this process looks its members up again. */
export async function changing<A extends object, T>(
  { tenants, members }: MemberParts<A>,
  ref: TenantRef,
  change: (transaction: Transaction, tenant: Tenant<A>) => Promise<T>,
): Promise<T> {
  let id: string | undefined
  try {
    return await tenants.changing(parseTenantRef(ref), (transaction, tenant) => {
      id = tenant.id
      return change(transaction, tenant)
    })
  } finally {
    if (id !== undefined) members.changed(id)
  }
}

/** Each returned row is a member. */
export function recordedAs(action: ActionName, change: Statement, details: Details = {}): Statement {
  return recorded(change, { tenantId: 'tenant_id', object: 'user_id' }, { action, details })
}

function recordedRole(action: ActionName, change: Statement, details: Details = {}): Statement {
  return recorded(change, { tenantId: 'tenant_id', object: 'name' }, { action, details })
}

async function memberIn<A extends object>(
  { members }: MemberParts<A>,
  transaction: Queryable,
  tenant: Tenant<A>,
  userId: string,
): Promise<Member> {
  const { rows } = await transaction.query<MemberRow>(memberSql(tenant.id, userId))
  if (rows[0] === undefined) throw notAMember(tenant, userId)
  return toMember(rows[0], members.roles)
}

async function one<A extends object>({ members }: MemberParts<A>, transaction: Queryable, statement: Statement): Promise<Member> {
  const { rows } = await transaction.query<MemberRow>(statement)
  return toMember(rows[0]!, members.roles)
}

async function assertOtherOwner(transaction: Queryable, tenant: Tenant<object>, { userId, role }: Member): Promise<void> {
  if (role !== 'owner') return
  if ((await transaction.query(otherOwnerSql(tenant.id, userId))).rows.length === 0) throw lastOwner(tenant, userId)
}

async function roleNames(parts: MemberParts<any>, queryable: Queryable, tenantId: string): Promise<string[]> {
  const { rows } = await queryable.query<{ name: string }>(definedRolesSql(tenantId))
  return [...parts.members.roles.configured, ...rows.map(({ name }) => name)]
}

async function countMembers(queryable: Queryable, tenantId: string): Promise<number> {
  const { rows } = await queryable.query<{ members: string }>(countMembersSql(tenantId))
  return Number(rows[0]!.members)
}

/** A number that is none would let everyone in. */
function seatsOf<A extends object>({ options }: MemberParts<A>, tenant: Tenant<A>): number | undefined {
  const seats = options.members.seats?.(tenant)
  if (seats === undefined || (Number.isSafeInteger(seats) && seats >= 0)) return seats
  throw new TenancyError(
    'INVALID_OPTION',
    'The function "members.seats" must return a whole number of at least 0, or undefined for no limit.',
    {
      details: { option: 'members.seats' },
    },
  )
}

export function invalid(what: string, option: string, allowed: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of ${what} must be ${allowed}.`, { details: { what, option } })
}
