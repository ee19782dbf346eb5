/** PW-126: no role has rights on single columns of a tenant's tables. They are not among the rights of the table, and easily missed. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination } from '../context/examination.ts'
import { fromRole, isReachable, roleNameSql, roleText, tenantCte, tenantValues } from '../context/tenants-sql.ts'
import { onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const columnRights: Examination = {
  id: 'PW-126',
  title: "Rights of others on columns of a tenant's tables",
  needs: 'roles',
  async run(context: Context) {
    const rows = await context.askDeploy<SomeTenants & { role: string; privileges: string; example: string }>(grantedSql(context))
    return rows.map(({ role, privileges, example, ...some }) => ({
      severity: isReachable(context, role) ? 'error' : 'warning',
      seen: `In the schema of ${tenantsText(some)}, ${roleText(role)} has ${privileges.toLowerCase()} on columns, e.g. on ${example}.`,
      fix: `Run: revoke ${privileges.toLowerCase()} (…) on table … from ${fromRole(role)}`,
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
        string_agg(distinct entry.privilege_type, ', ') as privileges,
        min(format('%I.%I', relation.relname, column_rights.attname)) as example,
        ${someTenantsSql()}
      from column_rights
      join pg_catalog.pg_class as relation on relation.oid = column_rights.attrelid
      join tenant on tenant.namespace = relation.relnamespace
      cross join lateral aclexplode(column_rights.attacl) as entry
      where entry.grantee <> relation.relowner
        and entry.grantee <> tenant.deploy
        and not coalesce(entry.grantee in (tenant.role, tenant.user_role), false)
      group by 1
      order by 1`,
    values: tenantValues(context),
  }
}
