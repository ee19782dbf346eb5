/**
 * The structure of a tenant without what its boundary has given: the rights of the role that uses the schema, and who owns it. Two tenants with
 * different boundaries, or one from before an upgrade, are equal in this form when their migrations made the same.
 */
import type { Blueprint } from '../blueprint/blueprint.ts'

/** The roles that a boundary gives rights to, or that ran the migrations. */
export interface BoundaryRoles {
  readonly login: string
  readonly deploy: string
}

export function withoutBoundary(blueprint: Blueprint, { login, deploy }: BoundaryRoles): Blueprint {
  const makers = new Set([blueprint.owner, login, deploy])
  const users = ['the tenant', ...[login, deploy].flatMap((role) => [`role ${role}`, `role ${quoted(role)}`])]
  const isGiven = (words: unknown): boolean =>
    typeof words === 'string' && users.some((user) => words.endsWith(` to ${user}`)) && given.test(words)
  const without = <T>(value: T): T => {
    if (Array.isArray(value)) return value.map(without) as T
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(([key, inner]: [string, unknown]) => {
      if (key === 'owner' && typeof inner === 'string') return [key, makers.has(inner) ? '' : inner]
      if (key === 'privileges' && Array.isArray(inner)) return [key, inner.filter((words) => !isGiven(words))]
      return [key, without(inner)]
    })
    return Object.fromEntries(entries) as T
  }
  const rest = without(blueprint)
  return { ...rest, defaultPrivileges: rest.defaultPrivileges.filter(({ privileges }) => privileges.length > 0) }
}

/** What boundaries give. A right of another kind, or one that can be given on, comes from a migration, or from a person. */
const given = /^(?:select|insert|update|delete|usage|execute) to /i

function quoted(role: string): string {
  return `"${role.replaceAll('"', '""')}"`
}
