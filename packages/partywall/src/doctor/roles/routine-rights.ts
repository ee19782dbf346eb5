/** PW-127: no other role was given the right to call a tenant's functions. PUBLIC has it by default, and cannot reach them without the schema. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination } from '../context/examination.ts'
import { fromRole, isReachable, roleNameSql, roleText, tenantCte, tenantValues } from '../context/tenants-sql.ts'
import { onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const routineRights: Examination = {
  id: 'PW-127',
  title: "Rights of others on a tenant's functions",
  needs: 'roles',
  async run(context: Context) {
    const rows = await context.askDeploy<SomeTenants & { role: string; example: string }>(grantedSql(context))
    return rows.map(({ role, example, ...some }) => ({
      severity: isReachable(context, role) ? 'error' : 'warning',
      seen: `In the schema of ${tenantsText(some)}, ${roleText(role)} may call functions, e.g. ${JSON.stringify(example)}.`,
      fix: `Run: revoke execute on routine … from ${fromRole(role)}`,
      ...onlyTenant(some),
    }))
  },
}

function grantedSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte},
      held as materialized (
        select
          tenant.schema,
          tenant.role,
          tenant.user_role,
          tenant.deploy,
          routine.proowner as owner,
          routine.proacl as acl,
          min(routine.proname::text) as example
        from pg_catalog.pg_proc as routine
        join tenant on tenant.namespace = routine.pronamespace
        where routine.proacl is not null
        group by 1, 2, 3, 4, 5, 6
      )
      select ${roleNameSql('entry.grantee')} as role, min(held.example) as example, ${someTenantsSql('held.schema')}
      from held
      cross join lateral aclexplode(held.acl) as entry
      where entry.grantee not in (0, held.owner, held.deploy)
        and not coalesce(entry.grantee in (held.role, held.user_role), false)
      group by 1
      order by 1`,
    values: tenantValues(context),
  }
}
