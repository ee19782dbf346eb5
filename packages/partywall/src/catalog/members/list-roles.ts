/** The roles that members of a tenant may have. */
import type { Queryable } from '../../sql/statement.ts'
import type { Attributes, TenantRef, TenantRole } from '../../types.ts'
import type { Tenants } from '../tenants/tenants.ts'
import { definedRolesSql } from './members-sql.ts'
import type { Members } from './members.ts'
import { builtInRoles } from './roles.ts'

interface ListParts<A extends object = Attributes> {
  readonly catalog: Queryable
  readonly tenants: Pick<Tenants<A>, 'get'>
  readonly members: Pick<Members<A>, 'roles'>
}

/** tenancy.members.roles */
export async function listRoles<A extends object>(
  { catalog, tenants, members }: ListParts<A>,
  ref: TenantRef,
): Promise<TenantRole[]> {
  const { roles } = members
  const { id } = await tenants.get(ref)
  const { rows } = await catalog.query<{ name: string; permissions: string }>(definedRolesSql(id))
  const builtIn = new Set<string>(builtInRoles)
  const configured = roles.configured.map((name): TenantRole => {
    return { name, can: roles.permissionsOf(name, undefined), by: builtIn.has(name) ? 'partywall' : 'application' }
  })
  const defined = rows
    .filter(({ name }) => !roles.configured.includes(name))
    .map(({ name, permissions }): TenantRole => {
      return { name, can: roles.permissionsOf(name, JSON.parse(permissions) as string[]), by: 'tenant' }
    })
  return [...configured, ...defined]
}
