/** `tenancy.members`: what it promises to its users. Looking up is part of serving requests; changes are loaded when the first one is made. */
import type { MemberListOptions, Members, MembershipListOptions } from './catalog/members/members.ts'
import type { AcceptOptions, CreatedInvitation, InvitationListOptions, NewInvitation } from './catalog/members/invitations.ts'
import type { OwnershipTransfer } from './catalog/members/member-changes.ts'
import { listRoles } from './catalog/members/list-roles.ts'
import type { Rooms } from './tenancy-rooms.ts'
import type { EmailDomain, Invitation, Member, MemberRequirement, Membership, Tenant, TenantRef, TenantRole } from './types.ts'

/**
 * `tenancy.members`: which users belong to which tenants. A user is text of the application's choice, such as the id of an account: 1 to 255 characters. These
 * calls do not ask who calls them: check it before, by `check` or by `requireMember` of an adapter, and name the caller by `tenancy.actingAs`.
 */
export interface MembersApi<A extends object> {
  /**
   * The member, or undefined when the user belongs to no such tenant. Cached: a change of any process is seen as one of a tenant is. Costs one query when
   * the answer is not in the cache.
   * @example const member = await tenancy.members.find('acme', 'user-1')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  find(ref: Tenant<A> | TenantRef, userId: string): Promise<Member | undefined>
  /**
   * Whether the user is a member: for `authorize` of an adapter. No user is a member of none. Costs as `find`.
   * @example const may = await tenancy.members.has('acme', 'user-1')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  has(ref: Tenant<A> | TenantRef, userId: string | null | undefined): Promise<boolean>
  /**
   * The member, where it has one of the roles and all of the permissions. An owner has every role and every permission. Costs as `find`.
   * @example await tenancy.members.check('acme', 'user-1', { roles: ['admin'] })
   * @throws TenancyError NOT_A_MEMBER, NOT_PERMITTED_ROLE, UNKNOWN_TENANT; INVALID_ARGUMENT for a permission that the option `members` does not have
   */
  check(ref: Tenant<A> | TenantRef, userId: string, required?: MemberRequirement): Promise<Member>
  /**
   * One page of the members of a tenant, sorted by user. Costs one query.
   * @example const page = await tenancy.members.list('acme', { limit: 50 })
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  list(ref: TenantRef, options?: MemberListOptions): Promise<Member[]>
  /**
   * One page of the tenants of a user, sorted by schema, each with the role that the user has there. Those that are archived, being deleted or failed are left out.
   * Costs two queries.
   * @example for (const { tenant, role } of await tenancy.members.listOf('user-1')) console.log(tenant.name, role)
   * @throws TenancyError INVALID_ARGUMENT; UNKNOWN_TENANT for a cursor that names no schema
   */
  listOf(userId: string, options?: MembershipListOptions): Promise<Membership<A>[]>
  /**
   * Makes a user a member. Costs one transaction with three to five queries.
   * @example await tenancy.members.add('acme', 'user-1', { role: 'owner' })
   * @throws TenancyError MEMBER_EXISTS, SEATS_TAKEN, UNKNOWN_ROLE, UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  add(ref: TenantRef, userId: string, options?: { readonly role?: string | undefined }): Promise<Member>
  /**
   * Removes a member; the last owner stays, also when two owners are removed at once. Returns what the member was. Costs one transaction with three or four queries.
   * @example await tenancy.members.remove('acme', 'user-2')
   * @throws TenancyError NOT_A_MEMBER, LAST_OWNER, UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  remove(ref: TenantRef, userId: string): Promise<Member>
  /**
   * Gives a member another role; the last owner stays one. Costs one transaction with three to five queries.
   * @example await tenancy.members.setRole('acme', 'user-2', 'admin')
   * @throws TenancyError NOT_A_MEMBER, LAST_OWNER, UNKNOWN_ROLE, UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  setRole(ref: TenantRef, userId: string, role: string): Promise<Member>
  /**
   * Makes a member the owner in place of another one, who gets `role`. Both happen, or neither. Returns the new owner. Costs one transaction with about five queries.
   * @example await tenancy.members.transferOwnership('acme', { from: 'user-1', to: 'user-2' })
   * @throws TenancyError NOT_A_MEMBER, UNKNOWN_ROLE, UNKNOWN_TENANT; INVALID_ARGUMENT where `from` is no owner
   */
  transferOwnership(ref: TenantRef, transfer: OwnershipTransfer): Promise<Member>
  /**
   * The roles that members of the tenant may have: those of partywall, of the configuration and of the tenant. Costs one query.
   * @example const names = (await tenancy.members.roles('acme')).map(({ name }) => name)
   * @throws TenancyError UNKNOWN_TENANT
   */
  roles(ref: TenantRef): Promise<TenantRole[]>
  /**
   * Defines a role of this tenant, or changes what it may do. Its permissions are some of those that the option `members.permissions` offers. At most 100 roles.
   * Costs one transaction with three queries.
   * @example await tenancy.members.defineRole('acme', 'moderator', { can: ['polls.close'] })
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT
   */
  defineRole(ref: TenantRef, name: string, role: { readonly can: readonly string[] }): Promise<TenantRole>
  /**
   * Removes a role of this tenant that no member has. Costs one transaction with three queries.
   * @example await tenancy.members.removeRole('acme', 'moderator')
   * @throws TenancyError ROLE_IN_USE, UNKNOWN_ROLE, UNKNOWN_TENANT
   */
  removeRole(ref: TenantRef, name: string): Promise<void>
  /**
   * Invites a user. The token in the answer is given out once, and the catalog stores its hash: send it to the address, in a link. An earlier open
   * invitation of the same address is revoked. Costs one transaction with three or four queries.
   * @example const { token } = await tenancy.members.invite('acme', { email: 'ada@example.com', role: 'admin' })
   * @throws TenancyError UNKNOWN_ROLE, UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  invite(ref: TenantRef, invitation: NewInvitation): Promise<CreatedInvitation>
  /**
   * Makes the user a member, with the role of the invitation. A token works once, also for two calls at the same time; after a refusal for another reason, such as
   * a full tenant, it still works. With `email`, the verified address of the user, an invitation for another address is refused. Costs one query, and a transaction with
   * about four.
   * @example const { tenantId, role } = await tenancy.members.accept(token, 'user-2')
   * @throws TenancyError INVALID_INVITATION, MEMBER_EXISTS, SEATS_TAKEN, UNKNOWN_ROLE, INVALID_ARGUMENT
   */
  accept(token: string, userId: string, options?: AcceptOptions): Promise<Member>
  /**
   * Ends an open invitation. Costs one transaction with two queries.
   * @example await tenancy.members.revokeInvitation('acme', id)
   * @throws TenancyError INVALID_INVITATION when the tenant has no open invitation with this id; UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  revokeInvitation(ref: TenantRef, id: string): Promise<Invitation>
  /**
   * One page of the invitations of a tenant, the newest first, without their tokens. Costs one query.
   * @example const open = (await tenancy.members.invitations('acme')).filter(({ state }) => state === 'open')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  invitations(ref: TenantRef, options?: InvitationListOptions): Promise<Invitation[]>
  /**
   * Makes the user a member because the tenant permits the domain of the address. Pass only an address that your sign-in has verified. Costs one
   * transaction with four or five queries.
   * @example await tenancy.members.join('acme', 'user-3', { email: 'grace@acme.com' })
   * @throws TenancyError MAY_NOT_JOIN, MEMBER_EXISTS, SEATS_TAKEN, UNKNOWN_ROLE, UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  join(ref: TenantRef, userId: string, options: { readonly email: string }): Promise<Member>
  /** The domains of e-mail addresses with which users may join a tenant by themselves. */
  readonly emailDomains: EmailDomainsApi
  /**
   * The membership, where the user may work in this tenant; and an entry in the audit. Keep the choice in your session. `createSwitch` of `partywall/http` makes an
   * endpoint of it. Costs one statement.
   * @example const { tenant } = await tenancy.members.switchTo('globex', 'user-1')
   * @throws TenancyError NOT_A_MEMBER, UNKNOWN_TENANT, TENANT_SUSPENDED, INVALID_TENANT_REF, INVALID_ARGUMENT
   */
  switchTo(ref: TenantRef, userId: string): Promise<Membership<A>>
}

/** `tenancy.members.emailDomains`. */
export interface EmailDomainsApi {
  /**
   * Permits a domain, or changes the role that its users get. Prove before that the domain belongs to the tenant: partywall does not. Public suffixes and
   * large providers of mail are refused. Costs one transaction with two or three queries.
   * @example await tenancy.members.emailDomains.add('acme', 'acme.com')
   * @throws TenancyError INVALID_DOMAIN, UNKNOWN_ROLE, UNKNOWN_TENANT
   */
  add(ref: TenantRef, domain: string, options?: { readonly role?: string | undefined }): Promise<EmailDomain>
  /**
   * Forbids a domain again; members stay. Costs one transaction with two queries.
   * @example await tenancy.members.emailDomains.remove('acme', 'acme.com')
   * @throws TenancyError UNKNOWN_DOMAIN, INVALID_DOMAIN, UNKNOWN_TENANT
   */
  remove(ref: TenantRef, domain: string): Promise<void>
  /**
   * The domains that the tenant permits. Costs one query.
   * @example const domains = await tenancy.members.emailDomains.list('acme')
   * @throws TenancyError UNKNOWN_TENANT
   */
  list(ref: TenantRef): Promise<EmailDomain[]>
}

export function membersApi<A extends object>(rooms: Rooms<A>): MembersApi<A> {
  const members: Members<A> = rooms.members
  return Object.freeze({
    find: (ref, userId) => members.find(ref, userId),
    has: (ref, userId) => members.has(ref, userId),
    check: (ref, userId, required) => members.check(ref, userId, required),
    list: (ref, options) => members.list(ref, options),
    listOf: (userId, options) => members.listOf(userId, options),
    add: async (ref, userId, options) => (await loadChanges()).addMember(rooms, ref, userId, options),
    remove: async (ref, userId) => (await loadChanges()).removeMember(rooms, ref, userId),
    setRole: async (ref, userId, role) => (await loadChanges()).setRole(rooms, ref, userId, role),
    transferOwnership: async (ref, transfer) => (await loadChanges()).transferOwnership(rooms, ref, transfer),
    roles: (ref) => listRoles(rooms, ref),
    defineRole: async (ref, name, role) => (await loadChanges()).defineRole(rooms, ref, name, role),
    removeRole: async (ref, name) => (await loadChanges()).removeRole(rooms, ref, name),
    invite: async (ref, invitation) => (await loadInvitations()).invite(rooms, ref, invitation),
    accept: async (token, userId, options) => (await loadInvitations()).accept(rooms, token, userId, options),
    revokeInvitation: async (ref, id) => (await loadInvitations()).revoke(rooms, ref, id),
    invitations: async (ref, options) => (await loadInvitations()).listInvitations(rooms, ref, options),
    join: async (ref, userId, options) => (await loadEmailDomains()).join(rooms, ref, userId, options),
    emailDomains: Object.freeze({
      add: async (ref, domain, options) => (await loadEmailDomains()).addEmailDomain(rooms, ref, domain, options),
      remove: async (ref, domain) => (await loadEmailDomains()).removeEmailDomain(rooms, ref, domain),
      list: async (ref) => (await loadEmailDomains()).listEmailDomains(rooms, ref),
    } satisfies EmailDomainsApi),
    async switchTo(ref, userId) {
      const { switchTo } = await import(/* webpackMode: "eager" */ './catalog/members/switch.ts')
      return switchTo(rooms, ref, userId)
    },
  } satisfies MembersApi<A>)
}

const loadChanges = () => import(/* webpackMode: "eager" */ './catalog/members/member-changes.ts')
const loadInvitations = () => import(/* webpackMode: "eager" */ './catalog/members/invitations.ts')
const loadEmailDomains = () => import(/* webpackMode: "eager" */ './catalog/members/email-domains.ts')
