/** From a row of the catalog to the member that the application sees. */
import type { Member } from '../../types.ts'
import type { Roles } from './roles.ts'

/** What the statements of members-sql.ts return: all text. */
export interface MemberRow extends Record<string, unknown> {
  readonly tenant_id: string
  readonly user_id: string
  readonly role: string
  /** JSON: what the role may do, where the tenant has defined it; else null. */
  readonly permissions: string | null
  readonly created_at: string
}

export function toMember(row: MemberRow, roles: Roles): Member {
  const defined = row.permissions === null ? undefined : (JSON.parse(row.permissions) as string[])
  return Object.freeze({
    tenantId: row.tenant_id,
    userId: row.user_id,
    role: row.role,
    permissions: roles.permissionsOf(row.role, defined),
    createdAt: new Date(Number(row.created_at)),
  })
}
