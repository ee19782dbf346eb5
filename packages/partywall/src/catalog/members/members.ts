/**
 * Which users belong to which tenants, and what they may do there. Looking up is here, and cached; changes are in member-changes.ts, and each of them locks the row
 * of its tenant, so that a tenant keeps an owner and its number of seats also when two requests run at once.
 */
import type { MembersOption } from '../../config/members-option.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { Attributes, Member, MemberRequirement, Membership, Tenant, TenantRef } from '../../types.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import type { Catalog } from '../catalog.ts'
import { AnswerCache } from '../tenants/answer-cache.ts'
import { parseTenantRef, unknownTenant } from '../tenants/tenant-ref.ts'
import { isTenant } from '../tenants/tenant-row.ts'
import type { Tenants } from '../tenants/tenants.ts'
import { assertUserId, notAMember, notPermitted } from './member-errors.ts'
import { toMember, type MemberRow } from './member-row.ts'
import { memberPageSql, memberSql, membersOfUserSql, tenantsOfUserSql } from './members-sql.ts'
import { Roles } from './roles.ts'

export interface MemberListOptions {
  /** Most members in one list. 1 to 1000. @default 100 */
  readonly limit?: number | undefined
  /** The last member of the page before, or its user: the list continues after it. Absent: from the start. */
  readonly cursor?: Member | string | undefined
}

export interface MembershipListOptions {
  /** Most tenants in one list. 1 to 1000. @default 100 */
  readonly limit?: number | undefined
  /** The last entry of the page before, or the schema of its tenant. Absent: from the start. */
  readonly cursor?: Membership<any> | string | undefined
}

export class Members<A extends object = Attributes> {
  readonly #catalog: Catalog
  readonly #tenants: Tenants<A>
  readonly #cache: AnswerCache<Member | undefined>
  readonly roles: Roles

  constructor(catalog: Catalog, tenants: Tenants<A>, { members, tenantCacheMs }: MembersParts) {
    this.#catalog = catalog
    this.#tenants = tenants
    this.roles = new Roles(members)
    this.#cache = new AnswerCache({ ttlMs: tenantCacheMs, period: () => tenants.period() })
    tenants.onMembers((tenantId) => this.#cache.forget(tenantId))
  }

  /** tenancy.members.find */
  async find(ref: Tenant<A> | TenantRef, userId: string): Promise<Member | undefined> {
    assertUserId('members.find', userId)
    return this.#lookUp((await this.#tenantOf(ref)).id, userId)
  }

  /** tenancy.members.has */
  async has(ref: Tenant<A> | TenantRef, userId: string | null | undefined): Promise<boolean> {
    if (userId === undefined || userId === null) return false
    return (await this.find(ref, userId)) !== undefined
  }

  /** tenancy.members.check */
  async check(ref: Tenant<A> | TenantRef, userId: string, required: MemberRequirement = {}): Promise<Member> {
    assertKnownKeys('members.check', required, ['roles', 'can'])
    const checked = this.roles.checkedRequirement('members.check', required)
    assertUserId('members.check', userId)
    const tenant = await this.#tenantOf(ref)
    const member = await this.#lookUp(tenant.id, userId)
    if (member === undefined) throw notAMember(tenant, userId)
    const lack = this.roles.lackOf(member, checked)
    if (lack !== undefined) throw notPermitted(tenant, userId, member.role, lack)
    return member
  }

  /** tenancy.members.list */
  async list(ref: TenantRef, options: MemberListOptions = {}): Promise<Member[]> {
    const { limit, cursor } = pageOf('members.list', options)
    const after = typeof cursor === 'object' ? (cursor as Member).userId : (cursor as string | undefined)
    if (after !== undefined) assertUserId('the cursor of members.list', after)
    const { id } = await this.#tenantOf(ref)
    const { rows } = await this.#catalog.query<MemberRow>(memberPageSql(id, limit, after))
    return rows.map((row) => toMember(row, this.roles))
  }

  /** tenancy.members.listOf */
  async listOf(userId: string, options: MembershipListOptions = {}): Promise<Membership<A>[]> {
    assertUserId('members.listOf', userId)
    const { limit, cursor } = pageOf('members.listOf', options)
    const given = typeof cursor === 'object' ? (cursor as Membership).tenant.schema : cursor
    const key = given === undefined ? undefined : parseTenantRef({ schema: given } as TenantRef)
    if (key?.by === 'impossible') throw unknownTenant(key)
    const after = key?.value
    const tenants = await this.#tenants.read(tenantsOfUserSql(userId, limit, after))
    if (tenants.length === 0) return []
    const ids = tenants.map(({ id }) => id)
    const { rows } = await this.#catalog.query<MemberRow>(membersOfUserSql(userId, ids))
    const members = new Map(rows.map((row) => [row.tenant_id, toMember(row, this.roles)]))
    return tenants.flatMap((tenant) => {
      const member = members.get(tenant.id)
      return member === undefined ? [] : [Object.freeze({ ...member, tenant })]
    })
  }

  /** For changes of members: what this process knows of the members of the tenant is dropped. */
  changed(tenantId: string): void {
    this.#cache.forget(tenantId)
  }

  async #tenantOf(ref: Tenant<A> | TenantRef): Promise<Tenant<A>> {
    return isTenant<A>(ref) ? ref : this.#tenants.get(ref)
  }

  #lookUp(tenantId: string, userId: string): Promise<Member | undefined> {
    return this.#cache.get(tenantId, userId, async () => {
      const { rows } = await this.#catalog.query<MemberRow>(memberSql(tenantId, userId))
      return rows[0] === undefined ? undefined : toMember(rows[0], this.roles)
    })
  }
}

export interface MembersParts {
  readonly members: MembersOption
  readonly tenantCacheMs: number
}

/** @throws TenancyError INVALID_ARGUMENT */
export function pageOf(
  what: string,
  options: { readonly limit?: number | undefined; readonly cursor?: unknown },
): {
  limit: number
  cursor: unknown
} {
  assertKnownKeys(what, options, ['limit', 'cursor'])
  const { limit = 100, cursor } = options
  assertWholeNumber('INVALID_ARGUMENT', `"limit" of ${what}`, 'limit', limit, { least: 1, most: 1000 })
  return { limit, cursor: cursor ?? undefined }
}
