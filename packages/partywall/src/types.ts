/**
 * The public nouns. One meaning each, everywhere: code, command line, docs and errors.
 *
 * - tenant: a customer; one row of the catalog and one PostgreSQL schema
 * - shared schema: the schema with the tables that all tenants have in common
 * - catalog: partywall's own tables, in the schema `partywall`
 * - scope: who is the tenant now; entered only by `run(...)`
 * - kind: a type of tenant with its own set of tenant migrations
 * - placement: which database a tenant's schema lives in
 */

/** Attributes of a tenant: your own typed columns, validated by the Standard Schema given as `tenant.attributes`. */
export type Attributes = Record<string, unknown>

export type TenantStatus = 'active' | 'suspended' | 'maintenance' | 'archived'

/** A tenant as the catalog knows it. Frozen: to change one, use `tenancy.tenants.update`. */
export interface Tenant<A extends object = Attributes> {
  /** A uuid that never changes, not even when the schema is renamed. */
  readonly id: string
  /** The name of the tenant's PostgreSQL schema. */
  readonly schema: string
  /** The name for people. */
  readonly name: string
  readonly kind: string
  readonly status: TenantStatus
  readonly placement: string
  readonly attributes: Readonly<A>
  readonly createdAt: Date
}

/**
 * How a caller names a tenant: the tenant itself, its id, its schema, or one of its domains. A string with the form of a uuid is
 * an id, a string with a dot is a domain, any other string is a schema; the three never overlap.
 */
export type TenantRef = string | { readonly id: string } | { readonly schema: string } | { readonly domain: string }

/** A host name that leads to a tenant. A tenant with domains has exactly one that is primary. */
export interface Domain {
  readonly domain: string
  readonly tenantId: string
  readonly isPrimary: boolean
  readonly createdAt: Date
}
