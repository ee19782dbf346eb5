/**
 * The public nouns. One meaning each, everywhere: code, command line, docs and errors.
 *
 * - tenant: a customer; one row of the catalog and one PostgreSQL schema
 * - shared schema: the schema with the tables that all tenants have in common
 * - catalog: partywall's own tables, in the schema `partywall`
 * - scope: the current tenant of the running code; entered only by `run(...)`
 * - kind: a type of tenant with its own set of tenant migrations
 * - placement: which database a tenant's schema lives in
 */

/** Attributes of a tenant: your own typed columns, validated by the Standard Schema given as `tenant.attributes`. */
export type Attributes = Record<string, unknown>

/**
 * - pending, provisioning: it is not complete yet
 * - active: its requests are served; suspended, maintenance: they are refused for the time being
 * - archived: its schema is renamed away, until it is restored or purged
 * - deleting: it is being dropped, which cannot be undone
 * - failed: it could not be completed
 */
export type TenantStatus =
  | 'pending'
  | 'provisioning'
  | 'active'
  | 'suspended'
  | 'maintenance'
  | 'archived'
  | 'deleting'
  | 'failed'

/** A tenant as it is stored in the catalog. Frozen: to change a tenant, use `tenancy.tenants.update`. */
export interface Tenant<A extends object = Attributes> {
  /** A uuid that never changes, not even when the schema is renamed. */
  readonly id: string
  /** The name of the tenant's PostgreSQL schema. */
  readonly schema: string
  /** Its key in another system, such as the id of an organisation in a hosted sign-in. Unique. Absent: it has none. */
  readonly externalId?: string
  /** The name for people. */
  readonly name: string
  readonly kind: string
  readonly status: TenantStatus
  readonly placement: string
  /**
   * A whole number that grows whenever the tenant's name or schema comes to mean something else: it is renamed, or moved. No two
   * tenants have the same one, not even a tenant and another of the same name that was created after it was deleted.
   */
  readonly generation: number
  readonly attributes: Readonly<A>
  readonly createdAt: Date
  /** From then on `tenancy.tenants.purge` archives or deletes it. Absent: it does not expire. */
  readonly expiresAt?: Date
  /** When it was archived. Absent: it is not. */
  readonly archivedAt?: Date
  /** From then on `tenancy.tenants.purge` deletes it. Absent: it is not archived, or kept without a limit. */
  readonly purgeAt?: Date
  /** The name that its schema had before it was archived or its deletion began. */
  readonly archivedSchema?: string
}

/**
 * Tell TypeScript your tenancy once, and `req.tenant` has your attributes, in every framework:
 * `declare module 'partywall' { interface Register { tenancy: typeof tenancy } }`
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- it is empty until an application fills it
export interface Register {}

/**
 * The property of a request that holds its tenant: the registered `requestProperty`, or `false` for none. An application that has its own
 * `req.tenant` registers another name: `declare module 'partywall' { interface Register { requestProperty: 'customer' } }`
 */
export type RequestProperty<R = Register> = R extends { requestProperty: infer P extends string | false } ? P : 'tenant'

/** A tenant of the registered tenancy; with plain attributes while none is registered. */
export type RegisteredTenant<R = Register> = R extends { tenancy: { current(): infer T extends Tenant<object> } } ? T : Tenant

/**
 * A reference to a tenant: the tenant itself, its id, its schema, one of its domains, or its external id. A string with the form of a uuid is
 * an id, a string with a dot is a domain, any other string is a schema; the three never overlap. An external id may look like any of them, so it is
 * named by an object only.
 */
export type TenantRef =
  | string
  | { readonly id: string }
  | { readonly schema: string }
  | { readonly domain: string }
  | { readonly externalId: string }

/**
 * Which tenants are meant, wherever work is for many: `forEach`, migrations, the command line. All parts together narrow the choice.
 * @example await tenancy.forEach(fn, { kinds: 'enterprise', status: ['active', 'maintenance'] })
 */
export interface TenantSelection {
  /** These tenants; `true` for all. A tenant that is named is meant whatever its status, unless `status` is given, too. @default true */
  readonly tenants?: true | TenantRef | readonly TenantRef[] | undefined
  /** Only tenants of this kind, or of one of these. @default every kind */
  readonly kinds?: string | readonly string[] | undefined
  /** Only tenants of this status, or of one of these. @default 'active' */
  readonly status?: TenantStatus | readonly TenantStatus[] | undefined
}

/** A host name that leads to a tenant. A tenant with domains has exactly one that is primary. */
export interface Domain {
  readonly domain: string
  readonly tenantId: string
  readonly isPrimary: boolean
  readonly createdAt: Date
}

/** A domain that a tenant claims: it leads to the tenant once a TXT record has proven it. */
export interface DomainClaim {
  readonly domain: string
  readonly tenantId: string
  /** Whether the domain is among those of the tenant. */
  readonly isVerified: boolean
  /** What the customer sets in its DNS. Public there: it proves nothing for another tenant. */
  readonly record: { readonly name: string; readonly type: 'TXT'; readonly value: string }
  readonly createdAt: Date
  /** When DNS was asked last. Absent: never. */
  readonly checkedAt?: Date
  /** Since when the record of a verified domain was not found. Absent: the last look found it. */
  readonly missingSince?: Date
}

/** A user who belongs to a tenant. Frozen. */
export interface Member {
  readonly tenantId: string
  /** As the application calls the user: the id of an account that is elsewhere. */
  readonly userId: string
  /** `owner`, `admin`, `member`, a role of the option `members.roles`, or one that the tenant has defined. */
  readonly role: string
  /** What the role may do. An owner may do all that the configuration names. */
  readonly permissions: readonly string[]
  readonly createdAt: Date
}

/** A member, with its tenant: one entry of "my tenants". */
export interface Membership<A extends object = Attributes> extends Member {
  readonly tenant: Tenant<A>
}

/** What a member must have to pass. */
export interface MemberRequirement {
  /** One of these roles. An owner has each of them. @default any role */
  readonly roles?: string | readonly string[] | undefined
  /** All of these permissions. @default none */
  readonly can?: string | readonly string[] | undefined
}

/** A role that the members of a tenant may have. */
export interface TenantRole {
  readonly name: string
  readonly can: readonly string[]
  /** Who has defined it. */
  readonly by: 'partywall' | 'application' | 'tenant'
}

/** An invitation to become a member. Its token is known to the invited user alone. */
export interface Invitation {
  readonly id: string
  readonly tenantId: string
  /** In lower case. */
  readonly email: string
  readonly role: string
  readonly state: 'open' | 'accepted' | 'revoked' | 'expired'
  /** The user who has accepted it. */
  readonly acceptedBy?: string
  readonly createdAt: Date
  readonly expiresAt: Date
}

/** A domain of e-mail addresses with which users join a tenant, and the role that they get. */
export interface EmailDomain {
  readonly domain: string
  readonly role: string
}

export interface FleetEntry {
  /** The schema of a tenant; 'shared' for the shared schema; 'template' and 'template:<kind>' for templates. */
  readonly target: string
  /** Absent for the shared schema, and for templates. */
  readonly tenantId?: string
  /** `skipped`: not done, because another target failed before, the deadline passed, or the work was aborted. */
  readonly state: 'done' | 'failed' | 'skipped'
  /** Why it failed. */
  readonly error?: unknown
  readonly durationMs: number
}

export interface FleetReport<E extends FleetEntry = FleetEntry> {
  /** True when no target failed or was skipped. */
  readonly ok: boolean
  readonly entries: readonly E[]
  readonly durationMs: number
}

/** The result of one schema in a migration run. */
export interface MigrationEntry extends FleetEntry {
  /** Names of the migrations that this run applied (or rolled back, or recorded), in order; also in a schema that failed later. */
  readonly applied: readonly string[]
  /** Additional information, e.g. that the tenant was deleted during the run. */
  readonly note?: string
  /** Migrations in the history of the schema that these files do not have: a newer deploy has applied them. Absent when there are none. */
  readonly ahead?: readonly string[]
}

export interface MigrationReport extends FleetReport<MigrationEntry> {
  /** The id of the run in the catalog; absent when there was nothing to do. */
  readonly runId?: string
  /** The `signal` of the run was aborted before all targets were done. A resumed run does those that are `skipped`. */
  readonly aborted?: true
}
