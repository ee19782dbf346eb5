/** A second deploy role cannot go on with roles that the first one made, until it has them with the admin option: what to run. */
import { TenancyError } from '../../errors.ts'
import { identifier } from '../../names/identifier.ts'
import { isOfOthersSql } from '../../sql/admin-option.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { RoleNames } from './role-names.ts'

/** Which of these roles exist, and may not be given away by the role of this connection. Costs one statement. */
export async function rolesOfOthers(queryable: Queryable, roles: readonly string[]): Promise<readonly string[]> {
  return (await readJson<{ role: string }>(queryable, rolesOfOthersSql(roles))).map(({ role }) => role)
}

/** What gives the deploy role the admin option and none of the rights. For servers where a membership has options. */
export function letGiveSql(roles: readonly string[], deploy: string): string {
  return `grant ${roles.map(identifier).join(', ')} to ${identifier(deploy)} with admin true, inherit false, set false;`
}

/** What lets the deploy role add members to the groups. */
export function letTakeGranterSql({ granter, deploy, hasMembershipOptions }: RoleNames): string {
  return `grant ${identifier(granter)} to ${identifier(deploy)}${hasMembershipOptions ? ' with inherit false, set true' : ''};`
}

export function mayNotGive(what: string, roles: readonly string[], deploy: string, cause: unknown): TenancyError {
  const names = roles.map((role) => JSON.stringify(role)).join(', ')
  return new TenancyError(
    'NOT_PERMITTED',
    `The role ${JSON.stringify(deploy)} of the option "database.deploy" may not ${what}: another role made ${names}, and from PostgreSQL 16 on only a ` +
      `role with the admin option may give or change it. As a superuser, or as the role that made it, run: ${letGiveSql(roles, deploy)} ` +
      'For all roles at once: docs/boundaries.md#another-deploy-role.',
    { cause },
  )
}

function rolesOfOthersSql(roles: readonly string[]): Statement {
  return {
    text: `
      select role.rolname::text as role
      from pg_catalog.pg_roles as role
      where role.rolname = any ($1::name[])
        and ${isOfOthersSql('role.oid')}
      order by 1`,
    values: [roles],
  }
}
