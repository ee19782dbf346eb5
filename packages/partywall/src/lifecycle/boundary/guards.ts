/** The parts of the wall that exist once for a database. Each that is missing comes with the SQL that makes it. */
import type { RoleNames } from '../../catalog/roles/role-names.ts'
import { identifier } from '../../names/identifier.ts'
import { tenantRolePattern } from '../../names/role-name.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable } from '../../sql/statement.ts'
import { keepSetConfigSql } from '../../sql/set-config.ts'
import { guardsSql, type GuardsRow } from './guards-sql.ts'

export interface MissingGuard {
  /**
   * `set_config`: one statement can leave its role. `one_role`: the application owns the tables. `superuser`: PostgreSQL checks no right of the login.
   * `inherits`: outside of a tenant the login has the rights of all tenants.
   */
  readonly guard: 'set_config' | 'one_role' | 'superuser' | 'inherits'
  readonly seen: string
  /** What to do; SQL where SQL does it. */
  readonly fix: string
}

/** Costs one statement. */
export async function missingGuards(
  queryable: Queryable,
  { login, logins, deploy, hasMembershipOptions }: RoleNames,
): Promise<MissingGuard[]> {
  const rows = await readJson<GuardsRow>(queryable, guardsSql(login, logins, tenantRolePattern))
  const row = rows[0]!
  const missing: MissingGuard[] = []
  if (row.everyone_sets_config)
    missing.push({
      guard: 'set_config',
      seen: 'Every role may call set_config, so one hostile statement can leave the role of its tenant.',
      fix: `As a superuser, in this database: ${keepSetConfigSql(login, deploy, row.has_logins ? logins : undefined).join('\n')}`,
    })
  if (row.login_is_superuser)
    missing.push({
      guard: 'superuser',
      seen: `The application logs in as ${login}, a superuser: a statement that leaves its role may do everything.`,
      fix: 'Let the application log in as a role of its own: create role … login noinherit.',
    })
  if (login === deploy)
    missing.push({
      guard: 'one_role',
      seen: `The application logs in as ${login}, which owns the tables of all tenants: a statement that leaves its role may do everything with them.`,
      fix: 'Set the option "database.deploy" to a role that owns them, and let the application log in as another one.',
    })
  if (row.login_inherits)
    missing.push({
      guard: 'inherits',
      seen: `The role ${login} inherits the rights of its tenants, so it has all of them outside of every tenant.`,
      fix: hasMembershipOptions
        ? 'Run `partywall boundary upgrade` once more: it makes the memberships so that they are not inherited.'
        : `alter role ${identifier(login)} noinherit;`,
    })
  return missing
}

/** Only a superuser may do this. @returns whether it was done */
export async function keepSetConfig(queryable: Queryable, { login, logins, deploy }: RoleNames): Promise<boolean> {
  const rows = await readJson<GuardsRow>(queryable, guardsSql(login, logins, tenantRolePattern))
  const { everyone_sets_config: isOpen, deploy_is_superuser: isSuperuser, has_logins: hasLogins } = rows[0]!
  if (!isOpen || !isSuperuser) return false
  await queryable.query({ text: keepSetConfigSql(login, deploy, hasLogins ? logins : undefined).join('\n') })
  return true
}
