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

/** A deeply frozen tenant, because all callers that look it up share the object. */
export function toTenant<A extends object = Attributes>(row: TenantRow): Tenant<A> {
  return Object.freeze({
    id: row.id,
    schema: row.schema,
    name: row.name,
    kind: row.kind,
    status: row.status,
    placement: row.placement,
    attributes: deepFreeze(JSON.parse(row.attributes) as A),
    createdAt: new Date(Number(row.created_at)),
  })
}

/** Tells a Tenant, as `toTenant` makes it, from the ways to name one. */
export function isTenant<A extends object>(ref: Tenant<A> | TenantRef): ref is Tenant<A> {
  return typeof ref === 'object' && ref !== null && 'id' in ref && 'schema' in ref && 'status' in ref && Object.isFrozen(ref)
}
