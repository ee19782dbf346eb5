/**
 * The structure of the source without what its boundary has given, for a clone that has another boundary: the rights of the role that uses the schema, and
 * who owns what the migrations made. Owners and rights that a migration has given stay, and are copied.
 */
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { replaceIn } from '../../blueprint/replace-in.ts'
import type { RoleNames } from '../../catalog/roles/role-names.ts'

export function withoutBoundary(blueprint: Blueprint, { login, deploy }: Pick<RoleNames, 'login' | 'deploy'>): Blueprint {
  const makers = new Set([blueprint.owner, login, deploy])
  const users = ['the tenant', ...[login, deploy].flatMap((role) => [`role ${role}`, `role ${quoted(role)}`])]
  const isGiven = (words: unknown): boolean =>
    typeof words === 'string' && users.some((user) => words.endsWith(` to ${user}`)) && given.test(words)
  const rest = replaceIn(blueprint, (key, value) => {
    if (key === 'owner') return makers.has(value as string) ? '' : value
    return key === 'privileges' ? (value as readonly unknown[]).filter((words) => !isGiven(words)) : undefined
  })
  return { ...rest, defaultPrivileges: rest.defaultPrivileges.filter(({ privileges }) => privileges.length > 0) }
}

/** What boundaries give. A right of another kind, or one that can be given on, comes from a migration, or from a person. */
const given = /^(?:select|insert|update|delete|usage|execute) to /i

function quoted(role: string): string {
  return `"${role.replaceAll('"', '""')}"`
}
