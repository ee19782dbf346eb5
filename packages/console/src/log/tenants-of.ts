/** The tenants of entries as they are today, found by their ids: a name may belong to another tenant by now. */
import type { AuditEntry, Tenant } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { TenantOfEntry } from './api.ts'

/** Costs one query for each tenant that is not in the cache. */
export async function tenantsOf({ tenants }: AnyTenancy, entries: readonly AuditEntry[]): Promise<Map<string, Tenant<any>>> {
  const ids = [...new Set(entries.flatMap(({ tenantId }) => tenantId ?? []))]
  const found = await Promise.all(ids.map((id) => tenants.find({ id })))
  return new Map(found.flatMap((tenant) => (tenant === undefined ? [] : [[tenant.id, tenant] as const])))
}

export function tenantOfEntry(entry: AuditEntry, tenants: ReadonlyMap<string, Tenant<any>>): TenantOfEntry | undefined {
  if (entry.tenantId === undefined) return undefined
  const tenant = tenants.get(entry.tenantId)
  const then = schemaThen(entry)
  if (tenant === undefined) return { id: entry.tenantId, state: 'gone', ...(then !== undefined && { was: then }) }
  const isOther = then !== undefined && then !== tenant.schema && then !== tenant.archivedSchema
  return { id: tenant.id, state: 'here', schema: tenant.schema, name: tenant.name, ...(isOther && { was: then }) }
}

/** The schema that the entry names; undefined for an entry about something else of the tenant. */
function schemaThen({ action, object, details }: AuditEntry): string | undefined {
  if (action === 'tenant.deleted' || action === 'tenant.released') {
    const { before } = details
    return typeof before === 'string' ? before : object
  }
  return action.startsWith('tenant.') ? object : undefined
}
