/** What the parts of a tenancy, such as `tenancy.tenants`, promise to their users. */
import type { ClientConfig } from 'pg'
import type { DomainListOptions, Domains } from './catalog/domains/domains.ts'
import type { TenantFilter, TenantListOptions } from './catalog/tenants/tenant-list.ts'
import type { TenantChanges, Tenants } from './catalog/tenants/tenants.ts'
import type { BoundaryWork } from './lifecycle/boundary/boundaries.ts'
import type { BoundaryOptions } from './lifecycle/boundary/boundary-options.ts'
import type { BoundaryReport, BoundaryStatus } from './lifecycle/boundary/boundary-report.ts'
import type { CreatedLogin, Login, Logins } from './lifecycle/logins/logins.ts'
import type { NewLogin } from './lifecycle/logins/new-login.ts'
import type { AdoptEntry, FleetToAdopt } from './lifecycle/adopt/fleet.ts'
import type { AdoptPlan, ToAdopt } from './lifecycle/adopt/adopt-input.ts'
import type { ReleaseOptions } from './lifecycle/adopt/release.ts'
import type { ReleasePlan } from './lifecycle/adopt/release-plan.ts'
import type { ForEachEntry } from './fleet/for-each.ts'
import type { NewTenant } from './lifecycle/provision.ts'
import type { Rotated, RotateOptions } from './lifecycle/rotate-logins.ts'
import type { Domain, FleetReport, Tenant, TenantRef } from './types.ts'

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

/** `tenancy.tenants`. `I` is what the schema of the attributes takes, `A` what it returns. */
export interface TenantsApi<A extends object, I extends object> {
  /**
   * Creates a tenant that is complete and active as soon as it can be seen. After an error, and after a kill of this process, nothing is
   * left. When two calls create the same tenant at the same time, one succeeds.
   *
   * Costs one transaction on one connection: a query each for the row, the schema and the domains, and the tenant migrations of its
   * kind. Other calls that create the same schema or domain wait until it ends.
   * @example await tenancy.tenants.create({ schema: 'acme', name: 'Acme Inc.', domains: ['acme.example.com'] })
   * @throws TenancyError INVALID_SCHEMA_NAME, INVALID_TENANT_NAME, INVALID_DOMAIN, INVALID_ATTRIBUTES, UNKNOWN_KIND, INVALID_ARGUMENT,
   * INVALID_MIGRATION before the database is changed; SCHEMA_EXISTS, DOMAIN_EXISTS, MIGRATION_FAILED, and INVALID_MIGRATION for a change of
   * shared objects, after which everything is rolled back
   */
  create(input: NewTenant<I>): Promise<Tenant<A>>
  /**
   * The tenant that `ref` names; as `find`, but the tenant must exist.
   * @example const acme = await tenancy.tenants.get('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF
   */
  get(ref: TenantRef): Promise<Tenant<A>>
  /**
   * The tenant that `ref` names, or undefined. Changes made through this tenancy object are seen at once, those of other processes within
   * milliseconds, behind a pooler within about a second. Costs one query when the answer is not in the cache; concurrent calls share it.
   * @example const tenant = await tenancy.tenants.find({ domain: 'acme.example.com' })
   * @throws TenancyError INVALID_TENANT_REF for what is neither text nor an object with an id, a schema or a domain
   */
  find(ref: TenantRef): Promise<Tenant<A> | undefined>
  /**
   * One page of tenants, at most `limit`. The next page starts after the last tenant of this one. Costs one query, and one for a cursor
   * that is not a Tenant; never from the cache.
   * @example
   * const page = await tenancy.tenants.list({ status: 'active', limit: 50 })
   * const next = await tenancy.tenants.list({ status: 'active', limit: 50, cursor: page.at(-1) })
   * @throws TenancyError INVALID_ARGUMENT; UNKNOWN_TENANT for a cursor that names no tenant
   */
  list(options?: TenantListOptions): Promise<Tenant<A>[]>
  /**
   * Every tenant that fits the filter, sorted by schema, in pages of 1000: memory does not grow with the number of tenants. One query for
   * each page. A tenant that is created during the walk may be left out; no tenant comes twice.
   * @example for await (const tenant of tenancy.tenants.each({ kinds: 'enterprise' })) console.log(tenant.schema)
   * @throws TenancyError INVALID_ARGUMENT
   */
  each(filter?: TenantFilter): AsyncGenerator<Tenant<A>, void, undefined>
  /**
   * Changes the name and the attributes of a tenant. The given attributes are merged into the stored ones, and the result is
   * validated. Concurrent updates of one tenant run one after another. Costs one transaction with two queries.
   * @example await tenancy.tenants.update('acme', { attributes: { plan: 'pro' } })
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ATTRIBUTES, INVALID_TENANT_NAME, INVALID_ARGUMENT
   */
  update(ref: TenantRef, changes: TenantChanges<A>): Promise<Tenant<A>>
  /**
   * New requests to the tenant get 403, and `run` refuses it. Running requests are not interrupted. Costs one query.
   * @example await tenancy.tenants.suspend('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF
   */
  suspend(ref: TenantRef): Promise<Tenant<A>>
  /**
   * Ends a suspension or a maintenance. Costs one query.
   * @example await tenancy.tenants.activate('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF
   */
  activate(ref: TenantRef): Promise<Tenant<A>>
  /**
   * New requests to the tenant get 503 with Retry-After until `activate`, and `run` refuses it. Costs one query.
   * @example await tenancy.tenants.setMaintenance('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF
   */
  setMaintenance(ref: TenantRef): Promise<Tenant<A>>
  /**
   * Makes a tenant of what exists already, without copying a row. With `tables` or `allBut`, tables of the shared schema move into a new schema, together
   * with the sequences, types, views, functions, triggers, policies and rights that only they use. With `inPlace` a schema becomes a tenant as it is.
   * `{ plan: true }` returns what would be done, and changes nothing. One transaction: after an error, and after a kill, nothing is changed.
   *
   * Moving locks the tables against all other statements for some milliseconds; it waits for statements that use them, at most `lockTimeoutMs` at a time.
   * @example await tenancy.tenants.adopt({ schema: 'ferrari', tables: 'polls_*' })
   * @throws TenancyError ADOPTION_REFUSED, SCHEMA_EXISTS, SCHEMA_MISSING, DOMAIN_EXISTS, NAME_IN_BOTH_SCOPES, NOT_PERMITTED, MIGRATION_FAILED; those of `create` about
   * its arguments
   */
  adopt(input: ToAdopt<I> & { readonly plan: true }): Promise<AdoptPlan>
  adopt(input: ToAdopt<I>): Promise<Tenant<A>>
  /**
   * Adopts many schemas in place: those that fit a pattern, a list, the rows of a query, or the tenants of django-tenants. The report has an entry for each. A
   * schema that is a tenant already is left as it is, so a run that was interrupted is continued by the next one. Costs some queries for all, and one
   * transaction with about six round trips for each.
   * @example await tenancy.tenants.adoptAll({ like: 'tenant_%' })
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_KIND, INVALID_MIGRATION; not for failures of a schema, which are in the report
   */
  adoptAll(input: FleetToAdopt): Promise<FleetReport<AdoptEntry>>
  /**
   * The opposite of `adopt`: the row, the history and the role of a tenant go, and its tables move into the shared schema or another one, or stay where they
   * are (`inPlace`). What is in the shared schema is read by every tenant. One transaction. `{ plan: true }` changes nothing.
   * @example await tenancy.tenants.release('ferrari', { to: 'archive' })
   * @throws TenancyError UNKNOWN_TENANT, ADOPTION_REFUSED where a name is taken, SCHEMA_MISSING, NOT_PERMITTED, ROLE_EXISTS, INVALID_ARGUMENT
   */
  release(ref: TenantRef, options: ReleaseOptions & { readonly plan: true }): Promise<ReleasePlan>
  release(ref: TenantRef, options?: ReleaseOptions): Promise<Tenant<A>>
}

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

/** Only what is promised: the store has more, for other rooms. */
export function tenantsApi<A extends object, I extends object>(
  store: Tenants<A>,
  create: (input: NewTenant<I>) => Promise<Tenant<A>>,
  adoption: Pick<TenantsApi<A, I>, 'adopt' | 'adoptAll' | 'release'>,
): TenantsApi<A, I> {
  return {
    create,
    ...adoption,
    get: (ref) => store.get(ref),
    find: (ref) => store.find(ref),
    list: (options) => store.list(options),
    each: (filter) => store.each(filter),
    update: (ref, changes) => store.update(ref, changes),
    suspend: (ref) => store.setStatus(ref, 'suspended'),
    activate: (ref) => store.setStatus(ref, 'active'),
    setMaintenance: (ref) => store.setStatus(ref, 'maintenance'),
  }
}

export function domainsApi(domains: Domains<any>): DomainsApi {
  return {
    add: (ref, name, options) => domains.add(ref, name, options),
    remove: (ref, name) => domains.remove(ref, name),
    setPrimary: (ref, name) => domains.setPrimary(ref, name),
    list: (ref, options) => domains.list(ref, options),
    each: () => domains.each(),
  }
}

export function boundaryApi(work: BoundaryWork, rotate: BoundaryApi['rotate']): BoundaryApi {
  return Object.freeze({
    upgrade: (options) => work.run('upgrade', options ?? {}),
    downgrade: (options) => work.run('downgrade', options ?? {}),
    status: () => work.status(),
    rotate,
  } satisfies BoundaryApi)
}

export function loginsApi(logins: Logins): LoginsApi {
  return Object.freeze({
    create: (ref, options) => logins.create(ref, options ?? {}),
    list: (ref) => logins.list(ref),
    revoke: (role) => logins.revoke(role),
  } satisfies LoginsApi)
}
