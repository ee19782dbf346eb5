/** One entry of the log as the console shows it. */
import type { AuditEntry, Tenant } from 'partywall'
import type { LogEntry, TenantOfEntry } from './api.ts'
import { detailsOf, withoutLogins } from './details.ts'
import { tenantOfEntry } from './tenants-of.ts'

export type Words = Readonly<Record<string, string>>

export function entryOf(entry: AuditEntry, tenants: ReadonlyMap<string, Tenant<any>>, words: Words): LogEntry {
  const { id, at, actor, action, object, origin, details } = entry
  const tenant = tenantOfEntry(entry, tenants)
  const link = linkOf(entry, tenant)
  return {
    id,
    at: at.toISOString(),
    actor,
    action,
    says: words[action] ?? '',
    ...(tenant !== undefined && { tenant }),
    ...(object !== undefined && { object: withoutLogins(object) }),
    origin,
    details: detailsOf(details),
    ...(link !== undefined && { link }),
  }
}

/** Pages of a tenant, by the first word of an action. */
const pages: Readonly<Record<string, string>> = {
  domain: '/domains',
  member: '/members',
  invitation: '/members',
  role: '/members',
  settings: '/settings',
}

function linkOf({ action, object }: AuditEntry, tenant: TenantOfEntry | undefined): string | undefined {
  const noun = action.split('.', 1)[0]!
  if (noun === 'migrations' && object !== undefined) return `/migrations/${encodeURIComponent(object)}`
  // The object of a row is the end of its address.
  if (noun === 'row' && tenant === undefined && object !== undefined) return `/shared/tables/${object}`
  if (tenant === undefined) return undefined
  // A page that says what became of the tenant: what has its name today may be another one.
  if (tenant.schema === undefined || tenant.was !== undefined) return `/log/tenants/${tenant.id}`
  if (noun === 'row' && object !== undefined) return `/t/${encodeURIComponent(tenant.schema)}/tables/${object}`
  return `/t/${encodeURIComponent(tenant.schema)}${pages[noun] ?? ''}`
}
