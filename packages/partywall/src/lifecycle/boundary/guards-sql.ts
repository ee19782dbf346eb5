/** What holds for the whole database, beside the rights of each tenant. */
import { setConfigFunction } from '../../sql/set-config.ts'
import type { Statement } from '../../sql/statement.ts'

export interface GuardsRow {
  readonly everyone_sets_config: boolean
  readonly login_is_superuser: boolean
  readonly login_inherits: boolean
  readonly deploy_is_superuser: boolean
  /** Tenants that log in themselves call set_config, too. */
  readonly has_logins: boolean
}

/** Whether the login inherits what its memberships give: before PostgreSQL 16 its own attribute decides, later each membership. */
export function guardsSql(login: string, logins: string, pattern: string): Statement {
  return {
    text: `
      select
        has_function_privilege('public', '${setConfigFunction}', 'execute') as everyone_sets_config,
        login.rolsuper as login_is_superuser,
        exists (
          select from pg_catalog.pg_auth_members as membership
          join pg_catalog.pg_roles as tenant on tenant.oid = membership.roleid
          where membership.member = login.oid and tenant.rolname ~ $2
            and coalesce((to_jsonb(membership) ->> 'inherit_option')::boolean, login.rolinherit)
        ) as login_inherits,
        (select role.rolsuper from pg_catalog.pg_roles as role where role.rolname = current_user) as deploy_is_superuser,
        exists (select from pg_catalog.pg_roles as role where role.rolname = $3::name) as has_logins
      from pg_catalog.pg_roles as login
      where login.rolname = $1::name`,
    values: [login, pattern, logins],
  }
}
