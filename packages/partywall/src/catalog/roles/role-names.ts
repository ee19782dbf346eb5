/** The roles of one database: whose statements run as which, who owns what, and what the server knows of memberships. */
import type { Database } from '../../ports/database.ts'
import { fixedRoleSql } from '../../names/role-name.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'

export interface RoleNames {
  /** The group of all tenants' roles: it reads the shared schema. */
  readonly tenants: string
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
}

/** Two round trips: one by each login. */
export async function readRoleNames(login: Pick<Database, 'loginRole'>, deploy: Queryable): Promise<RoleNames> {
  const { rows } = await deploy.query<Omit<RoleNames, 'login' | 'hasMembershipOptions'> & { version: string }>(roleNamesSql)
  const { version, ...names } = rows[0]!
  return { ...names, login: await login.loginRole(), hasMembershipOptions: Number(version) >= 160_000 }
}

const roleNamesSql: Statement = {
  text: `
    select
      ${fixedRoleSql('tenants')} as tenants,
      ${fixedRoleSql('logins')} as logins,
      ${fixedRoleSql('shared')} as shared,
      ${fixedRoleSql('catalog')} as catalog,
      current_user::pg_catalog.text as deploy,
      pg_catalog.current_setting('server_version_num') as version`,
}
