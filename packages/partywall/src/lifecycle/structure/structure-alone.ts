/**
 * What migrations make of a schema. Who owns it, and what the boundary gives to its tenant, comes from the configuration: it is left out here, and
 * examined by the doctor. Rights of others are part of the structure.
 */
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { replaceIn } from '../../blueprint/replace-in.ts'

/** Also roles that are the same for all tenants: under the boundary `path` the login of the application has the rights of a tenant. */
export function structureAlone(blueprint: Blueprint, boundaryRoles: readonly string[]): Blueprint {
  const users = ['the tenant', ...boundaryRoles.map((role) => `role ${role}`)]
  const isGiven = (words: string): boolean => givenByBoundary.test(words) && users.some((user) => words.endsWith(` to ${user}`))
  const isOfOthers = (words: string): boolean => !words.endsWith(' to the owner') && !isGiven(words)
  const bare = replaceIn(blueprint, (key, value) => {
    if (key === 'owner') return ''
    return key === 'privileges' ? (value as readonly string[]).filter(isOfOthers) : undefined
  })
  return { ...bare, defaultPrivileges: bare.defaultPrivileges.filter(({ privileges }) => privileges.length > 0) }
}

/** A right of another kind, or one that can be given on, comes from a migration, or from a person. */
const givenByBoundary = /^(?:SELECT|INSERT|UPDATE|DELETE|USAGE|EXECUTE) to /
