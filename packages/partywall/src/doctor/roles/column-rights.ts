/**
 * PW-126: no other role has rights on single columns of a tenant's tables, and the tenant has none to pass on, or to write its history. They are not among the
 * rights of the table, and easily missed.
 */
import { historyTable } from '../../migrations/history/history-sql.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination } from '../context/examination.ts'
import { fromRole, isReachable, privilegeSql, roleNameSql, roleText, tenantCte, tenantValues } from '../context/tenants-sql.ts'
import { onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const columnRights: Examination = {
  id: 'PW-126',
  title: "Rights on columns of a tenant's tables that others have, or that the tenant should not have",
  needs: 'roles',
  async run(context: Context) {
    const rows = await context.askDeploy<SomeTenants & { role: string; isOwn: boolean; privileges: string; example: string }>(
      grantedSql(context),
    )
    return rows.map(({ role, isOwn, privileges, example, ...some }) => ({
      severity: !isOwn && isReachable(context, role) ? 'error' : 'warning',
      seen: `In the schema of ${tenantsText(some)}, ${isOwn ? "the tenant's own role" : roleText(role)} has ${privileges.toLowerCase()} on columns, e.g. on ${example}.`,
      fix: `Run: revoke ${privileges.toLowerCase().replaceAll(' with grant option', '')} (…) on table … from ${isOwn ? '<the role of the tenant>' : fromRole(role)}`,
      ...onlyTenant(some),
    }))
  },
}

function grantedSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte},
      column_rights as materialized (
        select attribute.attrelid, attribute.attname, attribute.attacl
        from pg_catalog.pg_attribute as attribute
        where attribute.attacl is not null
      )
      select
        ${roleNameSql('entry.grantee')} as role,
        own.is_own as "isOwn",
        string_agg(distinct ${privilegeSql}, ', ') as privileges,
        min(format('%I.%I', relation.relname, column_rights.attname)) as example,
        ${someTenantsSql()}
      from column_rights
      join pg_catalog.pg_class as relation on relation.oid = column_rights.attrelid
      join tenant on tenant.namespace = relation.relnamespace
      cross join lateral aclexplode(column_rights.attacl) as entry
      cross join lateral (select coalesce(entry.grantee in (tenant.role, tenant.user_role), false) as is_own) as own
      where entry.grantee <> relation.relowner
        and entry.grantee <> tenant.deploy
        and not (
          own.is_own
          and not entry.is_grantable
          and (relation.relname <> '${historyTable}' or entry.privilege_type = 'SELECT')
        )
      group by 1, 2
      order by 1, 2`,
    values: tenantValues(context),
  }
}
