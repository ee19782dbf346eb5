/** Rights of the source that the clone must not have: those of the roles of one tenant, and of the logins of its customer. */
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { replaceIn } from '../../blueprint/replace-in.ts'
import { anyTenantPattern } from '../../names/role-name.ts'

/** A copy without rights of roles that belong to one tenant. The tenant's own role is written as `the tenant`, and stays. */
export function withoutTenantRoles(blueprint: Blueprint): Blueprint {
  const rest = replaceIn(blueprint, (key, value) =>
    key === 'privileges' ? (value as readonly string[]).filter((words) => !isOfTenant(granteeOf(words))) : undefined,
  )
  return { ...rest, defaultPrivileges: rest.defaultPrivileges.filter(({ privileges }) => privileges.length > 0) }
}

/** What a role of one tenant owns, or what a policy says about one: it would lead from the clone to that tenant. In words. */
export function tiedToTenantRoles({ relations, sequences, types, routines }: Blueprint): string[] {
  const owned = [...relations, ...sequences, ...types, ...routines].filter(({ owner }) => isOfTenant(owner))
  return [
    ...owned.map(({ name, owner }) => `${name} belongs to the role ${owner} of a tenant`),
    ...relations.flatMap(({ name, policies }) =>
      policies
        .filter(({ roles }) => roles.some((role) => isOfTenant(role.replace(/^role /, ''))))
        .map((policy) => `the policy ${policy.name} of ${name} is for the role of a tenant`),
    ),
  ]
}

/** `SELECT to role "app", with grant option`: the name of the role, where it is one. */
function granteeOf(words: string): string {
  return / to role (.*?)(?:, with grant option)?$/s.exec(words)?.[1] ?? ''
}

function isOfTenant(role: string): boolean {
  return tenantRoleName.test(role.replace(/^"(.*)"$/s, '$1'))
}

const tenantRoleName = new RegExp(anyTenantPattern)
