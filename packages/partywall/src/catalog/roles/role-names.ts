/** The roles of one database: whose statements run as which, who owns what, and what the server knows of memberships. */
import type { Database } from '../../ports/database.ts'
import { fixedRoleSql } from '../../names/role-name.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'

export interface RoleNames {
  /** The group of all tenants' roles: it reads the shared schema. */
  readonly tenants: string
  /** The role that makes roles members of that group; only the deploy role takes it. See rights-sql.ts. */
  readonly granter: string
  /** The group of the tenants that log in themselves: it may call set_config, with which their statements are bound. */
  readonly logins: string
  /** What the shared pool and `runShared` run as. */
  readonly shared: string
  /** What statements about the catalog run as. */
  readonly catalog: string
  /** The role that makes and owns schemas, tables and roles. */
  readonly deploy: string
  /** The role that the application logs in as; the same as `deploy` where no other is configured. */
  readonly login: string
  /** From PostgreSQL 16 on a membership says whether it is inherited and whether the role may be taken. */
  readonly hasMembershipOptions: boolean
  /** Whether the login has the rights of the roles that it is a member of, where a membership does not say otherwise. */
  readonly loginInherits: boolean
}

/** Two round trips: one by each login. */
export async function readRoleNames(database: Pick<Database, 'loginRole'>, deploy: Queryable): Promise<RoleNames> {
  const login = await database.loginRole()
  const { rows } = await deploy.query<RoleNamesRow>(roleNamesSql(login))
  const { version, inherits, ...names } = rows[0]!
  return { ...names, login, hasMembershipOptions: Number(version) >= 160_000, loginInherits: inherits !== 'false' }
}

type RoleNamesRow = Omit<RoleNames, 'login' | 'hasMembershipOptions' | 'loginInherits'> & {
  version: string
  inherits: string | null
}

function roleNamesSql(login: string): Statement {
  return {
    text: `
    select
      ${fixedRoleSql('tenants')} as tenants,
      ${fixedRoleSql('granter')} as granter,
      ${fixedRoleSql('logins')} as logins,
      ${fixedRoleSql('shared')} as shared,
      ${fixedRoleSql('catalog')} as catalog,
      current_user::pg_catalog.text as deploy,
      pg_catalog.current_setting('server_version_num') as version,
      (select role.rolinherit::text from pg_catalog.pg_roles as role where role.rolname = $1::name) as inherits`,
    values: [login],
  }
}
