/** PW-136: no view outside of a tenant's schema reads the tenant. A view reads with the rights of its owner, who may read all tenants. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination } from '../context/examination.ts'
import { groupsOf, tenantCte, tenantValues } from '../context/tenants-sql.ts'
import { onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const ownerViews: Examination = {
  id: 'PW-136',
  title: 'Views that read a tenant for others',
  needs: 'roles',
  async run(context: Context) {
    const rows = await context.askDeploy<SomeTenants & { view: string; isMaterialized: boolean }>(viewsSql(context))
    return rows.map(({ view, isMaterialized, ...some }) => ({
      severity: 'error',
      seen: `The ${isMaterialized ? 'materialized view holds' : 'view reads'} rows of ${tenantsText(some)}, with the rights of its owner, in a schema that other tenants may use: ${view}.`,
      fix:
        isMaterialized || context.facts.version < 150_000
          ? 'Move it to a schema that tenants may not use, or revoke its rights from public and from the groups of tenants.'
          : 'Move it to a schema that tenants may not use; or run: alter view … set (security_invoker = true).',
      ...onlyTenant(some),
    }))
  },
}

/** What PostgreSQL brings has smaller ids: views of information_schema read several hundred of its tables, and none of a tenant. */
const firstOfUsers = 16_384

/** The view is in another tenant's schema, or where a group of tenants may read it. */
function viewsSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte},
      reading as materialized (
        select distinct view.oid as view, source.relnamespace as source
        from pg_catalog.pg_depend as dependency
        join pg_catalog.pg_rewrite as rule on rule.oid = dependency.objid
        join pg_catalog.pg_class as view on view.oid = rule.ev_class
        join pg_catalog.pg_class as source on source.oid = dependency.refobjid
        where dependency.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
          and dependency.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
          and dependency.refobjid >= ${firstOfUsers}
          and view.relnamespace <> source.relnamespace
          and view.relkind in ('v', 'm')
          and not exists (
            select
            from unnest(view.reloptions) as option (text)
            where option.text in ('security_invoker=true', 'security_invoker=on', 'security_invoker=1', 'security_invoker=yes')
          )
      )
      select
        min(format('%I.%I', namespace.nspname, view.relname)) as view,
        view.relkind = 'm' as "isMaterialized",
        ${someTenantsSql()}
      from reading
      join tenant on tenant.namespace = reading.source
      join pg_catalog.pg_class as view on view.oid = reading.view
      join pg_catalog.pg_namespace as namespace on namespace.oid = view.relnamespace
      left join tenant as host on host.namespace = view.relnamespace
      where host.role is not null
        or (
          host.id is null
          and exists (
            select
            from pg_catalog.pg_roles as grp
            where grp.rolname = any ($4::name[])
              and has_schema_privilege(grp.oid, view.relnamespace, 'usage')
              and has_any_column_privilege(grp.oid, view.oid, 'select')
          )
        )
      group by view.oid, view.relkind
      order by 1`,
    values: [...tenantValues(context), groupsOf(context)],
  }
}
