/** The statements that find relations of one name in the shared schema and in the schemas of tenants. */
import { belongsToColumn, relationKinds } from '../../catalog/relations/relations-sql.ts'
import type { Statement } from '../../sql/statement.ts'

/**
 * A row for each of these names that has a relation on the other side: in the shared schema, or in the schema of a tenant, of which the first
 * one is enough. PostgreSQL has an index for relations by name.
 * @param ofTenants names that tenants will have
 * @param ofShared names that the shared schema will have
 */
export function otherScopeSql(sharedSchema: string, ofTenants: readonly string[], ofShared: readonly string[]): Statement {
  return {
    text: `
      select
        created.name::text as name,
        created.is_shared as "isShared",
        found.schema as schema
      from (
        select name, false as is_shared from unnest($2::pg_catalog.name[]) as of_tenants (name)
        union all
        select name, true as is_shared from unnest($3::pg_catalog.name[]) as of_shared (name)
      ) as created
      cross join lateral (
        select namespace.nspname::text as schema
        from pg_catalog.pg_class as relation
        join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
        where relation.relname = created.name
          and relation.relkind in (${relationKinds})
          and case
            when created.is_shared
            then exists (select from partywall.tenants as tenant where tenant.schema = namespace.nspname::text)
            else namespace.nspname = $1::pg_catalog.name
          end
        limit 1
      ) as found`,
    values: [sharedSchema, ofTenants, ofShared],
  }
}

/**
 * A row for each relation of a tenant whose name a relation of the shared schema has, too. It starts from what depends on the shared schema,
 * and looks up the names by index: the time grows with the shared schema, and hardly with the number of tenants. A sequence that belongs to
 * a column is used by that column alone.
 * @param schema only this one; undefined: those of all tenants
 */
export function inBothScopesSql(sharedSchema: string, schema: string | undefined): Statement {
  return {
    text: `
      select distinct
        own.relname::text as name,
        tenant.schema::text as schema
      from pg_catalog.pg_depend as dependency
      join pg_catalog.pg_class as shared on shared.oid = dependency.objid
      join pg_catalog.pg_class as own on own.relname = shared.relname and own.relnamespace <> shared.relnamespace
      join pg_catalog.pg_namespace as namespace on namespace.oid = own.relnamespace
      join partywall.tenants as tenant on tenant.schema = namespace.nspname::text
      where dependency.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and dependency.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
        and dependency.refobjid = (select oid from pg_catalog.pg_namespace where nspname = $1::pg_catalog.name)
        and shared.relkind in (${relationKinds})
        and own.relkind in (${relationKinds})
        and own.relname <> 'partywall_migrations'
        and ($2::text is null or tenant.schema = $2::text)
        and not ${belongsToColumn('own')}
      order by 1, 2`,
    values: [sharedSchema, schema ?? null],
  }
}
