/** PW-135: no function that tenants may call runs as its owner with names that the caller decides. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination } from '../context/examination.ts'
import { groupsOf, tenantCte, tenantValues } from '../context/tenants-sql.ts'
import { listOf, onlyTenant, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const definerFunctions: Examination = {
  id: 'PW-135',
  title: 'Functions that run as their owner without a search path of their own',
  needs: 'roles',
  async run(context: Context) {
    const { askDeploy } = context
    const elsewhere = await askDeploy<{ functions: string[]; amount: number }>(elsewhereSql(context))
    const ofTenants = await askDeploy<SomeTenants & { example: string }>(ofTenantsSql(context))
    const why = 'they run with the rights of their owner, and the search path of the caller decides what their names mean'
    const fix =
      'Run: alter function … set search_path = pg_catalog, pg_temp, and qualify the names in its body; or make it security invoker.'
    return [
      ...elsewhere
        .filter(({ amount }) => amount > 0)
        .map(({ functions, amount }) => ({
          severity: 'error' as const,
          seen: `Tenants may call functions with security definer that have no search path of their own (${listOf(functions, amount)}): ${why}.`,
          fix,
        })),
      ...ofTenants
        .filter(({ tenants }) => tenants > 0)
        .map(({ example, ...some }) => ({
          severity: 'error' as const,
          seen: `The schema of ${tenantsText(some)} has functions with security definer and without a search path of their own (e.g. ${JSON.stringify(example)}): ${why}.`,
          fix,
          ...onlyTenant(some),
        })),
    ]
  },
}

const isUnbound = `
        routine.prosecdef
        and not exists (select from unnest(routine.proconfig) as setting (text) where setting.text like 'search\\_path=%')`

/** In any schema that a group of tenants may use. */
function elsewhereSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte}
      select
        count(*)::integer as amount,
        (array_agg(concat(namespace.nspname, '.', routine.proname) order by namespace.nspname, routine.proname))[1:5] as functions
      from pg_catalog.pg_proc as routine
      join pg_catalog.pg_namespace as namespace on namespace.oid = routine.pronamespace
      where ${isUnbound}
        and namespace.nspname <> 'pg_catalog'
        and not exists (select from tenant where tenant.namespace = routine.pronamespace)
        and exists (
          select
          from pg_catalog.pg_roles as grp
          where grp.rolname = any ($4::name[])
            and has_schema_privilege(grp.oid, namespace.oid, 'usage')
            and has_function_privilege(grp.oid, routine.oid, 'execute')
        )`,
    values: [...tenantValues(context), groupsOf(context)],
  }
}

function ofTenantsSql(context: Context): Statement {
  return {
    text: `
      with ${tenantCte}
      select min(routine.proname::text) as example, ${someTenantsSql()}
      from pg_catalog.pg_proc as routine
      join tenant on tenant.namespace = routine.pronamespace
      where ${isUnbound}
        and routine.proowner is distinct from tenant.user_role
        and (tenant.role is null or has_function_privilege(tenant.role, routine.oid, 'execute'))`,
    values: tenantValues(context),
  }
}
