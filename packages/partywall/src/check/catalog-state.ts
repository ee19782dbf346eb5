/** Whether the catalog is installed, and may be read. A check does not install it. */
import type { Queryable } from '../sql/statement.ts'

export type CatalogState = 'missing' | 'unreadable' | 'readable'

export async function catalogState(queryable: Queryable): Promise<CatalogState> {
  const { rows } = await queryable.query<{ state: CatalogState }>({
    // By the catalogs of PostgreSQL, which everyone reads: to_regclass fails where the schema may not be used.
    text: `
      select case
          when pg_catalog.count(*) < 2 then 'missing'
          when pg_catalog.bool_and(
            pg_catalog.has_schema_privilege(relation.relnamespace, 'usage') and pg_catalog.has_table_privilege(relation.oid, 'select')
          ) then 'readable'
          else 'unreadable'
        end as state
      from pg_catalog.pg_class as relation
      join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
      where namespace.nspname = 'partywall' and relation.relname in ('tenants', 'domains')`,
  })
  return rows[0]!.state
}
