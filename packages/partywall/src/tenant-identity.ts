/**
 * What partywall knows of a Tenant object besides its public fields: which schema it was looked up with, and the newest state of the tenant
 * that this process has seen since. A Tenant is frozen and may be kept by an application for long, so all that changes is in here.
 *
 * It is a property with a registered symbol, not a WeakMap: a bundle may hold this module twice, and both copies must see the same.
 */
import type { Tenant, TenantStatus } from './types.ts'

export interface TenantIdentity {
  /**
   * The object id of the schema when the tenant was looked up; null when there was none. Undefined: not known, and not checked.
   * It is never stored: a dump that is restored, or the same schema in another database, has another one.
   */
  readonly schemaOid: string | null | undefined
  /** Counts the changes of the row. */
  readonly revision: number
  /** Counts the passwords of its own login, when the tenant was looked up. Null or absent: it had no login. */
  readonly loginGeneration?: number | null
  /** One object for all Tenant objects with the same id. */
  readonly newest: TenantState
  /** The server has refused the schema, so the tenant must be looked up again. */
  isSuspect: boolean
}

/** The newest state of a tenant that this process has seen: by its own changes, by lookups, and by notices of other processes. */
export interface TenantState {
  revision: number
  generation: number
  status: TenantStatus
  isDeleted: boolean
  /** The digest of its history of migrations at the last lookup; null where it has none. Absent: it was not looked up. */
  digest?: string | null
}

const key = Symbol.for('partywall.tenant')

/** Gives the object its identity. It must not be frozen yet. */
export function identify<T extends object>(tenant: T, identity: TenantIdentity): T {
  return Object.defineProperty(tenant, key, { value: identity })
}

/** Undefined for an object that no catalog has made. */
export function identityOf(tenant: object): TenantIdentity | undefined {
  return (tenant as { [key]?: TenantIdentity })[key]
}

/** Two Tenant objects with the same key mean the same rows: what is bound, prepared or cached for one of them may serve the other. */
export function identityKey(tenant: Pick<Tenant<any>, 'id' | 'schema' | 'generation'>): string {
  return `tenant ${tenant.id} ${tenant.schema} ${tenant.generation} ${identityOf(tenant)?.schemaOid}`
}

/** Whether the name or the schema of the tenant is known to mean something else by now. Costs no lookup. */
export function isOutdated(tenant: Tenant<any>): boolean {
  const newest = identityOf(tenant)?.newest
  return newest !== undefined && (newest.isDeleted || newest.generation > tenant.generation)
}
