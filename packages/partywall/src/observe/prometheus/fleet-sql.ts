/** What a scrape asks the database, in one statement. Every name is qualified. */
import type { TimedStatement } from '../../sql/statement.ts'

/** One row; `tenants` is a list of kind, status and number. Sizes have their indexes. */
export function fleetSql(timeoutMs: number): TimedStatement {
  return {
    text: `
      select
        (
          select pg_catalog.json_agg(pg_catalog.json_build_array(groups.kind, groups.status, groups.number))
          from (
            select tenant.kind, tenant.status, pg_catalog.count(*) as number
            from partywall.tenants as tenant
            group by tenant.kind, tenant.status
          ) as groups
        )::text as tenants,
        (
          select pg_catalog.count(*)
          from pg_catalog.pg_namespace as namespace
          where namespace.nspname !~ '^pg_' and namespace.nspname <> 'information_schema'
        )::text as schemas,
        (
          select pg_catalog.sum(pg_catalog.pg_total_relation_size(relation.oid))
          from pg_catalog.pg_depend as dependency
          join pg_catalog.pg_class as relation on relation.oid = dependency.objid
          where dependency.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
            and dependency.refobjid = 'partywall'::pg_catalog.regnamespace
            and dependency.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and relation.relkind = 'r'
        )::text as partywall_bytes,
        (
          select pg_catalog.sum(pg_catalog.pg_total_relation_size(name::pg_catalog.regclass))
          from pg_catalog.unnest(array[
            'pg_catalog.pg_attribute', 'pg_catalog.pg_class', 'pg_catalog.pg_constraint', 'pg_catalog.pg_depend', 'pg_catalog.pg_index',
            'pg_catalog.pg_namespace', 'pg_catalog.pg_proc', 'pg_catalog.pg_statistic', 'pg_catalog.pg_trigger', 'pg_catalog.pg_type'
          ]) as name
        )::text as postgres_bytes`,
    timeoutMs,
  }
}

export interface FleetRow extends Record<string, unknown> {
  readonly tenants: string | null
  readonly schemas: string
  readonly partywall_bytes: string | null
  readonly postgres_bytes: string | null
}
