/**
 * Joining by the domain of a verified e-mail address. partywall proves neither that the domain belongs to the tenant nor that the address belongs to the user: an
 * operator, or an owner whose own verified address has this domain, permits a domain; and the application passes an address that its sign-in has verified.
 */
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { seen } from '../../seen.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { EmailDomain, Member, TenantRef } from '../../types.ts'
import type { ActionName } from '../audit/actions.ts'
import { recorded } from '../audit/record.ts'
import { mailDomain, parseEmail } from './email-address.ts'
import { emailDomainsSql, forbidEmailDomainSql, permitEmailDomainSql } from './invitations-sql.ts'
import { assertRole, changing, enterMember, type MemberParts } from './member-changes.ts'
import { assertUserId, mayNotJoin } from './member-errors.ts'

/** tenancy.members.emailDomains.add */
export async function addEmailDomain<A extends object>(
  parts: MemberParts<A>,
  ref: TenantRef,
  domain: string,
  options: { readonly role?: string | undefined } = {},
): Promise<EmailDomain> {
  assertKnownKeys('members.emailDomains.add', options, ['role'])
  const { role = 'member' } = options
  const name = typeof domain === 'string' ? mailDomain(domain) : undefined
  if (name === undefined) throw notADomain(domain)
  if (await isOfStrangers(name)) throw forStrangers(name)
  return changing(parts, ref, async (transaction, tenant) => {
    await assertRole(parts, transaction, tenant, role)
    await transaction.query(recordedAs('member.domain_permitted', permitEmailDomainSql(tenant.id, name, role), { role }))
    return { domain: name, role }
  })
}

/** tenancy.members.emailDomains.remove */
export async function removeEmailDomain<A extends object>(parts: MemberParts<A>, ref: TenantRef, domain: string): Promise<void> {
  const name = typeof domain === 'string' ? mailDomain(domain) : undefined
  if (name === undefined) throw notADomain(domain)
  await changing(parts, ref, async (transaction, tenant) => {
    const { rows } = await transaction.query(recordedAs('member.domain_forbidden', forbidEmailDomainSql(tenant.id, name)))
    if (rows.length > 0) return
    throw new TenancyError(
      'UNKNOWN_DOMAIN',
      `The tenant ${JSON.stringify(tenant.schema)} has no e-mail domain ${JSON.stringify(name)}. tenancy.members.emailDomains.list shows those that it has.`,
      { details: { domain: name, schema: tenant.schema } },
    )
  })
}

/** tenancy.members.emailDomains.list */
export async function listEmailDomains<A extends object>(
  { tenants, catalog }: MemberParts<A> & { readonly catalog: Queryable },
  ref: TenantRef,
): Promise<EmailDomain[]> {
  const { id } = await tenants.get(ref)
  return readDomains(catalog, id)
}

/** tenancy.members.join */
export async function join<A extends object>(
  parts: MemberParts<A>,
  ref: TenantRef,
  userId: string,
  options: { readonly email: string },
): Promise<Member> {
  assertKnownKeys('members.join', options, ['email'])
  assertUserId('members.join', userId)
  const { domain } = parseEmail('members.join', options.email)
  return changing(parts, ref, async (transaction, tenant) => {
    const permitted = (await readDomains(transaction, tenant.id)).find((one) => one.domain === domain)
    if (permitted === undefined) throw mayNotJoin(tenant)
    const { role } = permitted
    await assertRole(parts, transaction, tenant, role)
    return enterMember(parts, transaction, tenant, { userId, role, action: 'member.joined', details: { domain } })
  })
}

async function readDomains(queryable: Queryable, tenantId: string): Promise<EmailDomain[]> {
  const { rows } = await queryable.query<{ domain: string; role: string }>(emailDomainsSql(tenantId))
  return rows.map(({ domain, role }) => ({ domain, role }))
}

function recordedAs(action: ActionName, change: Statement, details: { role?: string } = {}): Statement {
  return recorded(change, { tenantId: 'tenant_id', object: 'domain' }, { action, details })
}

/** Whether people who have nothing to do with each other have addresses of this domain: a public suffix, or a provider of mail for everyone. */
async function isOfStrangers(domain: string): Promise<boolean> {
  const { getDomain } = await import(/* webpackMode: "eager" */ 'tldts')
  // What is a public suffix itself has no registrable domain.
  return getDomain(domain, { allowPrivateDomains: true }) === null || providers.has(domain)
}

/** The large ones. There are thousands, so this is no proof that a domain belongs to one company. */
const providers = new Set(
  (
    'aol.com fastmail.com gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.fr icloud.com laposte.net ' +
    'libero.it live.com mac.com mail.com mail.ru mailinator.com me.com msn.com naver.com orange.fr outlook.com outlook.de pm.me posteo.de proton.me protonmail.com ' +
    'qq.com rocketmail.com t-online.de tuta.com tutanota.com web.de yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.de yahoo.fr yandex.com yandex.ru ymail.com ' +
    '126.com 163.com'
  ).split(' '),
)

function notADomain(domain: unknown): TenancyError {
  return new TenancyError(
    'INVALID_DOMAIN',
    `${seen(domain, 'quoted')} is not the domain of e-mail addresses. Give what follows the @, such as example.com.`,
    { details: { domain: seen(domain, 'quoted') } },
  )
}

function forStrangers(domain: string): TenancyError {
  return new TenancyError(
    'INVALID_DOMAIN',
    `Everyone can have an address of ${JSON.stringify(domain)}: it is a public suffix, or a provider of mail. Give the domain of one company.`,
    { details: { domain } },
  )
}
