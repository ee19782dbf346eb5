/** From a row of the catalog to the tenant that the application sees. */
import type { Attributes, Tenant, TenantRef, TenantStatus } from '../../types.ts'
import { deepFreeze } from './json-value.ts'

/** What the statements of tenants-sql.ts return: all text. */
export interface TenantRow {
  readonly id: string
  readonly schema: string
  readonly name: string
  readonly kind: string
  readonly status: TenantStatus
  readonly placement: string
  readonly attributes: string
  readonly created_at: string
}

const tenants = new WeakSet<object>()

/** A deeply frozen tenant, because all callers that look it up share the object. */
export function toTenant<A extends object = Attributes>(row: TenantRow): Tenant<A> {
  const tenant: Tenant<A> = Object.freeze({
    id: row.id,
    schema: row.schema,
    name: row.name,
    kind: row.kind,
    status: row.status,
    placement: row.placement,
    attributes: deepFreeze(JSON.parse(row.attributes) as A),
    createdAt: new Date(Number(row.created_at)),
  })
  tenants.add(tenant)
  return tenant
}

/** Tells a tenant of the catalog from a reference to one: an object that only looks like a tenant is a reference. */
export function isTenant<A extends object>(ref: Tenant<A> | TenantRef): ref is Tenant<A> {
  return typeof ref === 'object' && ref !== null && tenants.has(ref)
}
