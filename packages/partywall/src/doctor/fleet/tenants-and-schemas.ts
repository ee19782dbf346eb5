/** PW-107: every tenant has a schema, and every schema that looks like that of a tenant has one. */
import { historyTable } from '../../migrations/history/history-sql.ts'
import { tenantRolePattern } from '../../names/role-name.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { listOf, onlyTenant, plural, someTenantsSql, tenantsText, type SomeTenants } from '../context/wording.ts'

export const tenantsAndSchemas: Examination = {
  id: 'PW-107',
  title: 'Tenants without a schema, and schemas without a tenant',
  needs: 'catalog',
  async run({ askDeploy, options: { sharedSchema, extraSearchPath } }: Context) {
    const [missing] = await askDeploy<SomeTenants>(withoutSchemaSql)
    const [left] = await askDeploy<{ schemas: string[]; amount: number }>(withoutTenantSql([sharedSchema, ...extraSearchPath]))
    return [...(missing!.tenants > 0 ? [tenantWithout(missing!)] : []), ...(left!.amount > 0 ? [schemaWithout(left!)] : [])]
  },
}

function tenantWithout(missing: SomeTenants): Observation {
  return {
    severity: 'error',
    seen: `The database has no schema for ${tenantsText(missing)}: every query of such a tenant is refused.`,
    fix: 'Restore the schema from a backup; or, if it was renamed, rename it back.',
    ...onlyTenant(missing),
  }
}

function schemaWithout({ amount, schemas }: { readonly amount: number; readonly schemas: readonly string[] }): Observation {
  return {
    severity: 'warning',
    seen: `${plural(amount, 'schema looks', 'schemas look')} like that of a tenant, and no tenant has it: ${listOf(schemas, amount)}. No migration reaches it.`,
    fix: 'If its data are not needed any more, drop it: drop schema … cascade. Otherwise restore the row of its tenant in partywall.tenants.',
  }
}

const withoutSchemaSql: Statement = {
  text: `
    select ${someTenantsSql()}
    from partywall.tenants as tenant
    where not exists (select from pg_catalog.pg_namespace as namespace where namespace.nspname = tenant.schema::name)`,
}

/** A schema with the history of a tenant, or one that the role of a tenant may use. */
function withoutTenantSql(others: readonly string[]): Statement {
  return {
    text: `
      with candidate as (
        select history.relnamespace as namespace
        from pg_catalog.pg_class as history
        where history.relname = '${historyTable}'
        union
        select dependency.objid
        from pg_catalog.pg_shdepend as dependency
        join pg_catalog.pg_roles as role on role.oid = dependency.refobjid
        where dependency.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
          and dependency.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
          and dependency.dbid = (select oid from pg_catalog.pg_database where datname = current_database())
          and role.rolname ~ '${tenantRolePattern}'
      )
      select
        count(*)::integer as amount,
        (array_agg(namespace.nspname::text order by namespace.nspname::text))[1:5] as schemas
      from candidate
      join pg_catalog.pg_namespace as namespace on namespace.oid = candidate.namespace
      where namespace.nspname::text <> all ($1::text[])
        and namespace.nspname <> 'partywall'
        and not exists (select from partywall.tenants as tenant where tenant.schema = namespace.nspname::text)
        and not exists (select from partywall.templates as template where template.schema = namespace.nspname::text)
        and not exists (select from partywall.ready_schemas as ready where ready.schema = namespace.nspname::text)`,
    values: [others],
  }
}
