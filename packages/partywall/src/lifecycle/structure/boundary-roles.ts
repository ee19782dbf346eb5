import type { Access } from '../../catalog/roles/access.ts'
import { identifier } from '../../names/identifier.ts'
import type { Queryable } from '../../sql/statement.ts'

/**
 * The roles to which the boundary gives rights in every tenant, besides the role of the tenant itself, as PostgreSQL writes them: quoted only where a name
 * needs it.
 */
export async function boundaryRolesOf(access: Access, deploy: Queryable): Promise<readonly string[]> {
  if (!access.isNeeded) return []
  const { login, deploy: owner } = await access.names(deploy)
  return [login, owner].flatMap((role) => [role, identifier(role)])
}
