/** What the parts of a tenancy, such as `tenancy.tenants`, promise to their users. */
import type { ClientConfig } from 'pg'
import type { Claims } from './catalog/domains/claims.ts'
import type { DomainListOptions, Domains } from './catalog/domains/domains.ts'
import type { PublicOptions } from './config/options.ts'
import type { RecheckOptions, RecheckReport } from './domains/verification.ts'
import type { BoundaryParts, BoundaryWork } from './lifecycle/boundary/boundaries.ts'
import type { BoundaryOptions } from './lifecycle/boundary/boundary-options.ts'
import type { BoundaryReport, BoundaryStatus } from './lifecycle/boundary/boundary-report.ts'
import type { CreatedLogin, Login, LoginParts, Logins } from './lifecycle/logins/logins.ts'
import type { NewLogin } from './lifecycle/logins/new-login.ts'
import type { ForEachEntry } from './fleet/for-each.ts'
import type { Rotated, RotateOptions, RotateParts } from './lifecycle/rotate-logins.ts'
import type { Domain, DomainClaim, FleetReport, TenantRef } from './types.ts'

export interface RunInTenantOptions {
  /** Also enters a tenant that is suspended, archived or in maintenance: for operators and repairs. @default false */
  readonly allowInactive?: boolean | undefined
  /**
   * Also enters a tenant that is refused with NAME_IN_BOTH_SCOPES or TENANT_BEHIND, to repair it. A name that the tenant lacks then means the
   * table of the shared schema: name tables with their schema. @default false
   */
  readonly repair?: boolean | undefined
}

export type SessionOptions = Pick<RunInTenantOptions, 'repair'>

/** `tenancy.domains`. */
export interface DomainsApi {
  /**
   * Adds a domain to a tenant. The first domain of a tenant becomes its primary one; with `primary` this one replaces the current primary.
   * Costs one transaction with three to five queries.
   * @example await tenancy.domains.add('acme', 'polls.acme.com', { primary: true })
   * @throws TenancyError INVALID_DOMAIN, DOMAIN_EXISTS, UNKNOWN_TENANT
   */
  add(ref: TenantRef, domain: string, options?: { readonly primary?: boolean | undefined }): Promise<Domain>
  /**
   * Removes a domain from its tenant. The primary domain can be removed only when it is the last one. Costs one transaction with three queries.
   * @example await tenancy.domains.remove('acme', 'old.acme.com')
   * @throws TenancyError UNKNOWN_DOMAIN when this tenant has no such domain; PRIMARY_DOMAIN for the primary one while there are others
   */
  remove(ref: TenantRef, domain: string): Promise<void>
  /**
   * Makes this domain primary. The switch is atomic: there is always exactly one. Costs one transaction with three queries.
   * @example await tenancy.domains.setPrimary('acme', 'polls.acme.com')
   * @throws TenancyError UNKNOWN_DOMAIN when this tenant has no such domain, INVALID_DOMAIN, UNKNOWN_TENANT
   */
  setPrimary(ref: TenantRef, domain: string): Promise<Domain>
  /**
   * The domains of a tenant, the primary one first; without a tenant one page of the domains of all, sorted by name. The next page
   * starts after the last domain of this one. Costs one query, and one for the tenant when it is not in the cache.
   * @example const [primary] = await tenancy.domains.list('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  list(ref?: TenantRef, options?: DomainListOptions): Promise<Domain[]>
  /**
   * Every domain of every tenant, sorted by name, in pages of 1000. One query for each page.
   * @example for await (const { domain } of tenancy.domains.each()) console.log(domain)
   */
  each(): AsyncGenerator<Domain, void, undefined>
  /**
   * Claims a host name for a tenant: its customer sets the TXT record of the claim, and then `verify` adds the domain. A claim leads nowhere, and several
   * tenants may claim one name. A second claim of the same tenant returns the first. Costs one transaction with three queries.
   * @example const { record } = await tenancy.domains.claim('acme', 'polls.acme.com') // show record.name and record.value to the customer
   * @throws TenancyError DOMAIN_NOT_CLAIMABLE for a public suffix, an address, a name under your own base, and after 100 claims; INVALID_DOMAIN, UNKNOWN_TENANT
   */
  claim(ref: TenantRef, domain: string): Promise<DomainClaim>
  /**
   * The claims of a tenant, sorted by name. Costs one query.
   * @example for (const { domain, isVerified } of await tenancy.domains.claims('acme')) console.log(domain, isVerified)
   * @throws TenancyError UNKNOWN_TENANT
   */
  claims(ref: TenantRef): Promise<DomainClaim[]>
  /**
   * Looks for the TXT record of a claim, and adds the domain to the tenant when it is there. Costs one question to DNS, up to 6 s where it does not
   * answer, one query, and a transaction with five when it is added.
   * @example await tenancy.domains.verify('acme', 'polls.acme.com')
   * @throws TenancyError DOMAIN_NOT_VERIFIED with the record and what was seen; DOMAIN_EXISTS when another tenant has proven it; UNKNOWN_DOMAIN without a claim
   */
  verify(ref: TenantRef, domain: string): Promise<DomainClaim>
  /**
   * Looks again for the record of each domain that was proven, and revokes those whose record is missing for longer than the grace. Domains that an
   * operator added by `add` have no record, and stay. Run it every few hours. Costs a question to DNS and a statement for each domain.
   * @example const { domains } = await tenancy.domains.recheck()
   * @throws TenancyError INVALID_ARGUMENT
   */
  recheck(options?: RecheckOptions): Promise<RecheckReport>
  /**
   * Gives up a claim. A domain that was proven stays until `remove`, and is not checked again. Costs one transaction with two queries.
   * @example await tenancy.domains.release('acme', 'polls.acme.com')
   * @throws TenancyError UNKNOWN_DOMAIN when the tenant has no such claim
   */
  release(ref: TenantRef, domain: string): Promise<void>
}

/** `tenancy.boundary`: the rights of all tenants, as the option `boundary` says. */
export interface BoundaryApi {
  /**
   * Gives the tenants that the configuration puts under `role` or `login` their roles and rights, and repairs those that are wrong, while
   * applications run. A run that was interrupted is continued by the next one. Costs a transaction with three statements for each tenant that lacks
   * something, on connections of the deploy role, and two statements for 2,000 others.
   * @example const { ok, missingGuards } = await tenancy.boundary.upgrade()
   * @throws TenancyError INVALID_OPTION, INVALID_ARGUMENT, UNKNOWN_TENANT, NOT_PERMITTED; not for failures in a tenant, which are in the report
   */
  upgrade(options?: BoundaryOptions): Promise<BoundaryReport>
  /**
   * Gives the login of the application its own rights on the tenants that the configuration puts under `path`; with `finish` it drops their roles.
   * Costs as `upgrade`.
   * @example await tenancy.boundary.downgrade({ finish: true })
   * @throws TenancyError as `upgrade`
   */
  downgrade(options?: BoundaryOptions): Promise<BoundaryReport>
  /**
   * How many tenants are as configured, which are not, what others have granted, and which parts of the wall are missing. Changes nothing. Costs one
   * statement for 2,000 tenants, and three more.
   * @example const { counts, foreignGrants } = await tenancy.boundary.status()
   */
  status(): Promise<BoundaryStatus>
  /**
   * Gives tenants with the boundary `login` their next password, made with the first key of `database.loginKey`. Online: connections that are open
   * live on, and every process finds the new password when it opens its next one. The report has an entry for each tenant, whose `value` has the
   * number of the new password. Costs one transaction with four queries for each tenant.
   * @example await tenancy.boundary.rotate({ tenants: 'acme' })
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND; not for failures of a tenant, which are in the report
   */
  rotate(options?: RotateOptions): Promise<FleetReport<ForEachEntry<Rotated>>>
}

/** `tenancy.logins`: logins for the customers' own tools. */
export interface LoginsApi {
  /**
   * Makes a login that reads the schema of one tenant and writes nothing, with a password that is returned once and stored nowhere. Costs one
   * transaction with about eight statements.
   * @example const { url } = await tenancy.logins.create('acme', { name: 'analytics', expiresInMs: 30 * 86_400_000 })
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT, NOT_PERMITTED
   */
  create(ref: TenantRef, options?: NewLogin): Promise<CreatedLogin>
  /**
   * The logins of a tenant, or of all. Costs two statements, and one for each tenant that is not in the cache.
   * @example for (const { role, state } of await tenancy.logins.list('acme')) console.log(role, state)
   * @throws TenancyError UNKNOWN_TENANT
   */
  list(ref?: TenantRef): Promise<Login[]>
  /**
   * Ends the sessions of a login and drops its role. Costs two transactions.
   * @example await tenancy.logins.revoke('partywall_0123456789abcdef0123456789abcdef_ro_0a1b2c3d')
   * @throws TenancyError UNKNOWN_LOGIN, NOT_PERMITTED
   */
  revoke(role: string): Promise<Login>
}

/** `tenancy.database`. */
export interface DatabaseApi {
  /** Whether the embedded PostgreSQL is used, because the config names no other server. */
  readonly isEmbedded: boolean
  /**
   * How to connect to the database, with the password if there is one, for programs that connect by themselves. Starts the embedded
   * server if it is used.
   * @example const client = new pg.Client(await tenancy.database.connectionConfig())
   * @throws TenancyError EMBEDDED_FAILED
   */
  connectionConfig(): Promise<ClientConfig>
}

export interface DomainParts {
  readonly domains: Domains<any>
  readonly claims: Claims<any>
  readonly options: Pick<PublicOptions, 'resolve' | 'domains'>
}

/** What asks DNS, and the list of public suffixes, are loaded when they are first needed. */
export function domainsApi({ domains, claims, options }: DomainParts): DomainsApi {
  const bases = options.resolve.flatMap((resolver) => ('hosts' in resolver ? (resolver.hosts?.bases ?? []) : []))
  return Object.freeze({
    add: (ref, name, given) => domains.add(ref, name, given),
    remove: (ref, name) => domains.remove(ref, name),
    setPrimary: (ref, name) => domains.setPrimary(ref, name),
    list: (ref, given) => domains.list(ref, given),
    each: () => domains.each(),
    claim: (ref, name) =>
      claims.claim(ref, name, async (domain) => {
        const { claimProblem } = await import(/* webpackMode: "eager" */ './domains/claimable.ts')
        return claimProblem(domain, bases)
      }),
    claims: (ref) => claims.list(ref),
    async verify(ref, name) {
      const { verifyDomain } = await import(/* webpackMode: "eager" */ './domains/verification.ts')
      return verifyDomain(claims, options.domains.nameServers, ref, name)
    },
    async recheck(given = {}) {
      const { recheckDomains } = await import(/* webpackMode: "eager" */ './domains/verification.ts')
      return recheckDomains(claims, options.domains.nameServers, given)
    },
    release: (ref, name) => claims.release(ref, name),
  } satisfies DomainsApi)
}

/** The work is loaded when it is first needed, as that of `loginsApi`. */
export function boundaryApi(parts: BoundaryParts & RotateParts<any>): BoundaryApi {
  const open = async (): Promise<BoundaryWork> => {
    const { BoundaryWork } = await import(/* webpackMode: "eager" */ './lifecycle/boundary/boundaries.ts')
    return new BoundaryWork(parts)
  }
  return Object.freeze({
    upgrade: async (options) => (await open()).run('upgrade', options ?? {}),
    downgrade: async (options) => (await open()).run('downgrade', options ?? {}),
    status: async () => (await open()).status(),
    async rotate(options) {
      const { rotateLogins } = await import(/* webpackMode: "eager" */ './lifecycle/rotate-logins.ts')
      return rotateLogins(parts, options)
    },
  } satisfies BoundaryApi)
}

export function loginsApi(parts: LoginParts): LoginsApi {
  const open = async (): Promise<Logins> => {
    const { Logins } = await import(/* webpackMode: "eager" */ './lifecycle/logins/logins.ts')
    return new Logins(parts)
  }
  return Object.freeze({
    create: async (ref, options) => (await open()).create(ref, options ?? {}),
    list: async (ref) => (await open()).list(ref),
    revoke: async (role) => (await open()).revoke(role),
  } satisfies LoginsApi)
}
