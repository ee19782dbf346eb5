/** PW-129: the deploy role owns the schemas of tenants and all in them. The owner of a table reads it, changes it, and gives rights on it. */
import { identifier } from '../../names/identifier.ts'
import { anyTenantPattern } from '../../names/role-name.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination } from '../context/examination.ts'
import { isReachable, roleNameSql, roleText, tenantCte, tenantValues } from '../context/tenants-sql.ts'
import { onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const ownership: Examination = {
  id: 'PW-129',
  title: 'Objects of tenants that the deploy role does not own',
  needs: 'roles',
  async run(context: Context) {
    const rows = await context.askDeploy<SomeTenants & { role: string; what: string; example: string; isOwn: boolean }>(
      ownersSql(context),
    )
    return rows.map(({ role, what, example, isOwn, ...some }) => ({
      severity: isOwn || isReachable(context, role) ? 'error' : 'warning',
      seen: `${what} of ${tenantsText(some)} belong to ${isOwn ? 'the role of the tenant' : roleText(role)}, not to ${JSON.stringify(context.facts.deploy)}: e.g. ${JSON.stringify(example)}.`,
      fix: `As an administrator, run: alter … owner to ${identifier(context.facts.deploy)}`,
      ...onlyTenant(some),
    }))
  },
}

/** A role whose rights the deploy role has, such as a group of owners, is as good; but none of partywall, nor the login. */
function ownersSql(context: Context): Statement {
  const { tenants, logins, granter, shared, catalog, login } = context.facts
  return {
    text: `
      with ${tenantCte},
      owned as (
        select 'Schemas' as what, tenant.namespace, tenant.owner, tenant.schema as example, 'pg_catalog.pg_namespace'::pg_catalog.regclass as class, tenant.namespace as id
        from tenant
        union all
        select 'Tables and sequences', relation.relnamespace, relation.relowner, relation.relname::text, 'pg_catalog.pg_class'::pg_catalog.regclass, relation.oid
        from pg_catalog.pg_class as relation
        where relation.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        union all
        select 'Functions', routine.pronamespace, routine.proowner, routine.proname::text, 'pg_catalog.pg_proc'::pg_catalog.regclass, routine.oid
        from pg_catalog.pg_proc as routine
      )
      select
        owned.what,
        ${roleNameSql('owned.owner')} as role,
        coalesce(owned.owner = tenant.role, false) as "isOwn",
        min(owned.example) as example,
        ${someTenantsSql()}
      from owned
      join tenant on tenant.namespace = owned.namespace
      join pg_catalog.pg_roles as owner on owner.oid = owned.owner
      where owned.owner <> tenant.deploy
        and (
          not pg_has_role(tenant.deploy, owned.owner, 'usage')
          or owner.rolname = any ($4::name[])
          or owner.rolname ~ '${anyTenantPattern}'
        )
        and not exists (
          select
          from pg_catalog.pg_depend as dependency
          where dependency.classid = owned.class
            and dependency.objid = owned.id
            and dependency.deptype = 'e'
        )
      group by 1, 2, 3
      order by 1, 2, 3`,
    values: [...tenantValues(context), [tenants, logins, granter, shared, catalog, login]],
  }
}
