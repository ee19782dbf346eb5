/**
 * What migrations make of a schema. Who owns it, and what the boundary gives to its tenant, comes from the configuration: it is left out here, and
 * examined by the doctor. Rights of others are part of the structure.
 */
import type { Blueprint } from '../../blueprint/blueprint.ts'

/** Also roles that are the same for all tenants: under the boundary `path` the login of the application has the rights of a tenant. */
export function structureAlone(blueprint: Blueprint, boundaryRoles: readonly string[]): Blueprint {
  const given = boundaryRoles.map((role) => ` to role ${role}`)
  const isOfOthers = (privilege: string): boolean => {
    const words = privilege.replace(/, with grant option$/, '')
    return ![' to the owner', ' to the tenant', ...given].some((end) => words.endsWith(end))
  }
  const bare = visit(blueprint, (key, value) => {
    if (key === 'owner') return ''
    return key === 'privileges' ? (value as readonly string[]).filter(isOfOthers) : undefined
  }) as Blueprint
  return { ...bare, defaultPrivileges: bare.defaultPrivileges.filter(({ privileges }) => privileges.length > 0) }
}

/** A copy. @param replace what takes the place of a value; undefined: the value itself */
function visit(value: unknown, replace: (key: string, value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => visit(item, replace))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(key, item) ?? visit(item, replace)]))
}
