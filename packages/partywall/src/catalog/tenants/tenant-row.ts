/** From a row of the catalog to the tenant that the application sees. */
import { identify, type TenantState } from '../../tenant-identity.ts'
import type { Attributes, Tenant, TenantRef, TenantStatus } from '../../types.ts'
import { deepFreeze } from './json-value.ts'

/** What the statements of tenants-sql.ts return: all text. */
export interface TenantRow {
  readonly id: string
  readonly schema: string
  readonly external_id?: string | null
  readonly name: string
  readonly kind: string
  readonly status: TenantStatus
  readonly placement: string
  readonly generation: string
  readonly attributes: string
  readonly created_at: string
  /** Milliseconds, as `created_at`; null where there is none. */
  readonly expires_at?: string | null
  readonly archived_at?: string | null
  readonly purge_at?: string | null
  readonly archived_schema?: string | null
  readonly revision: string
  /** Null: it has no login of its own. Undefined: it was not asked for. */
  readonly login_generation?: string | null
  /** Null: the schema is not there. Undefined: it was not asked for. */
  readonly schema_oid?: string | null
  /** The digest of its history of migrations. Null: it has none. Undefined: it was not asked for. */
  readonly digest?: string | null
}

const tenants = new WeakSet<object>()

/**
 * A deeply frozen tenant, because all callers that look it up share the object.
 * @param newest the state that all objects of this tenant share. @default the state of this row
 */
export function toTenant<A extends object = Attributes>(row: TenantRow, newest: TenantState = stateOf(row)): Tenant<A> {
  const tenant: Tenant<A> = {
    id: row.id,
    schema: row.schema,
    ...(row.external_id && { externalId: row.external_id }),
    name: row.name,
    kind: row.kind,
    status: row.status,
    placement: row.placement,
    generation: Number(row.generation),
    attributes: deepFreeze(JSON.parse(row.attributes) as A),
    createdAt: new Date(Number(row.created_at)),
    ...(row.expires_at && { expiresAt: new Date(Number(row.expires_at)) }),
    ...(row.archived_at && { archivedAt: new Date(Number(row.archived_at)) }),
    ...(row.purge_at && { purgeAt: new Date(Number(row.purge_at)) }),
    ...(row.archived_schema && { archivedSchema: row.archived_schema }),
  }
  const loginGeneration = row.login_generation ? Number(row.login_generation) : null
  identify(tenant, { schemaOid: row.schema_oid, revision: Number(row.revision), loginGeneration, newest, isSuspect: false })
  tenants.add(Object.freeze(tenant))
  return tenant
}

export function stateOf({ revision, generation, status, digest }: TenantRow): TenantState {
  const state = { revision: Number(revision), generation: Number(generation), status, isDeleted: false }
  return digest === undefined ? state : { ...state, digest }
}

/** Tells a tenant of the catalog from a reference to one: an object that only looks like a tenant is a reference. */
export function isTenant<A extends object>(ref: Tenant<A> | TenantRef): ref is Tenant<A> {
  return typeof ref === 'object' && ref !== null && tenants.has(ref)
}
