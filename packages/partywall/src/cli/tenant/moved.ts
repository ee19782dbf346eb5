/** A tenant after a move, for people. */
import type { Tenant } from '../../types.ts'
import { pairs } from '../terminal/table.ts'

export function renderMoved(tenant: Tenant): string {
  return pairs([
    ['tenant', tenant.schema],
    ['name', tenant.name],
    ['id', tenant.id],
    ['status', tenant.status],
    ...datesOf(tenant),
  ])
}

/** What only some tenants have. */
export function datesOf({ expiresAt, archivedAt, purgeAt, archivedSchema }: Tenant): (readonly [string, string])[] {
  return [
    ...(expiresAt === undefined ? [] : [['expires', expiresAt.toISOString()] as const]),
    ...(archivedSchema === undefined ? [] : [['was', archivedSchema] as const]),
    ...(archivedAt === undefined ? [] : [['archived', archivedAt.toISOString()] as const]),
    ...(archivedAt === undefined ? [] : [['purge', purgeAt?.toISOString() ?? 'never'] as const]),
  ]
}
