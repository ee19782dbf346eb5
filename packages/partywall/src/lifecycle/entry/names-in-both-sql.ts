/** The statement that finds names which lead a tenant to the schemas behind its own. */
import { belongsToColumn, relationKinds } from '../../catalog/relations/relations-sql.ts'
import type { Statement } from '../../sql/statement.ts'

/**
 * Three kinds of rows, told apart by what is null. A name alone: a relation of these schemas. With a kind: tenants of this kind have a relation of
 * this name, too. With an id: this tenant has none, and others of its kind have one; only for names that are listed.
 *
 * It starts from what depends on the schemas behind, and looks the names up by index, so its time grows with their relations and with what
 * tenants have of the same names, which is nothing in a fleet in order. A sequence that belongs to a column is used by that column alone.
 * @param schemas those of the search path behind the tenant's
 * @param listed names that both have on purpose
 */
export function namesInBothSql(schemas: readonly string[], listed: readonly string[]): Statement {
  return {
    text: `
      with behind as materialized (
        select distinct relation.relname as name
        from pg_catalog.pg_depend as dependency
        join pg_catalog.pg_class as relation on relation.oid = dependency.objid
        where dependency.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
          and dependency.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
          and dependency.refobjid in (select oid from pg_catalog.pg_namespace where nspname = any ($1::pg_catalog.name[]))
          and relation.relkind in (${relationKinds})
          and relation.relname <> 'partywall_migrations'
      ),
      own as materialized (
        select
          relation.relname as name,
          tenant.id,
          tenant.kind
        from behind
        join pg_catalog.pg_class as relation on relation.relname = behind.name
        join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
        join partywall.tenants as tenant on tenant.schema = namespace.nspname::text
        where relation.relkind in (${relationKinds})
          and not ${belongsToColumn('relation')}
      ),
      of_kinds as materialized (
        select distinct own.name, own.kind
        from own
      )
      select
        behind.name::text as name,
        null::text as kind,
        null::text as id
      from behind
      union all
      select
        of_kinds.name::text,
        of_kinds.kind,
        null
      from of_kinds
      union all
      select
        of_kinds.name::text,
        of_kinds.kind,
        tenant.id::text
      from of_kinds
      join partywall.tenants as tenant on tenant.kind = of_kinds.kind
      left join own on own.name = of_kinds.name and own.id = tenant.id
      where of_kinds.name = any ($2::pg_catalog.name[])
        and own.id is null`,
    values: [schemas, listed],
  }
}
