/** PW-124: only the role of a tenant may use its schema, and it may not create anything there. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import {
  customerCte,
  fromRole,
  isReachable,
  isReadingSql,
  privilegeSql,
  roleNameSql,
  roleText,
  tenantCte,
  tenantValues,
} from '../context/tenants-sql.ts'
import { capital, onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const schemaRights: Examination = {
  id: 'PW-124',
  title: "Others may use a tenant's schema, or the tenant may not",
  needs: 'roles',
  async run(context: Context) {
    const { askDeploy } = context
    const granted = await askDeploy<Granted>(grantedSql(context))
    const missing = await askDeploy<SomeTenants>(missingSql(context))
    return [...granted.map((row) => ofGranted(row, context)), ...missing.filter(({ tenants }) => tenants > 0).map(ofMissing)]
  },
}

type Granted = SomeTenants & { readonly role: string; readonly isOwn: boolean; readonly privileges: string }

function ofGranted({ role, isOwn, privileges, ...some }: Granted, context: Context): Observation {
  const what = privileges.toLowerCase()
  if (isOwn) {
    return {
      severity: 'error',
      seen: `The role of ${tenantsText(some)} has ${what} on its schema: with functions and triggers of its own it can run SQL as other roles.`,
      fix: `Run: revoke ${what} on schema … from <the role of the tenant>`,
      ...onlyTenant(some),
    }
  }
  return {
    severity: isReachable(context, role) ? 'error' : 'warning',
    seen: `${capital(roleText(role))} has ${what} on the schema of ${tenantsText(some)}.`,
    fix: `Run: revoke ${what} on schema … from ${fromRole(role)}`,
    ...onlyTenant(some),
  }
}

function ofMissing(some: SomeTenants): Observation {
  return {
    severity: 'error',
    seen: `The role of ${tenantsText(some)} may not use the schema of the tenant: every statement is refused.`,
    fix: 'Run: npx partywall boundary upgrade',
    ...onlyTenant(some),
  }
}

function grantedSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte},
      ${customerCte},
      granted as (
        select
          ${roleNameSql('entry.grantee')} as role,
          own.is_own,
          tenant.schema,
          string_agg(distinct ${privilegeSql}, ', ') as privileges
        from tenant
        cross join lateral aclexplode(tenant.acl) as entry
        cross join lateral (select coalesce(entry.grantee in (tenant.role, tenant.user_role), false) as is_own) as own
        where entry.grantee <> tenant.owner
          and entry.grantee <> tenant.deploy
          and not (own.is_own and entry.privilege_type = 'USAGE' and not entry.is_grantable)
          and not ${isReadingSql('tenant.schema', 'USAGE')}
        group by 1, 2, 3
      )
      select granted.role, granted.is_own as "isOwn", granted.privileges, ${someTenantsSql('granted.schema')}
      from granted
      group by 1, 2, 3
      order by 1, 2, 3`,
    values: tenantValues(context),
  }
}

function missingSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte}
      select ${someTenantsSql()}
      from tenant
      where tenant.boundary <> 'path'
        and tenant.role is not null
        and tenant.namespace is not null
        and not has_schema_privilege(tenant.role, tenant.namespace, 'usage')`,
    values: tenantValues(context),
  }
}
