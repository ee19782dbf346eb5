/** The statement that finds names which lead from the schema of a tenant to the shared schema. */
import { hasNameIn } from '../review/names-sql.ts'
import type { Statement } from '../../sql/statement.ts'

/**
 * A row for each of these schemas and each of these names that the shared schema has: whether the schema itself has something of that name.
 * @param soonShared names that the shared schema will have
 */
export function crossSchemaNamesSql(
  sharedSchema: string,
  schemas: readonly string[],
  names: readonly string[],
  soonShared: readonly string[],
): Statement {
  return {
    text: `
      select
        namespace.nspname::text as schema,
        looked_up.name::text as name,
        ${hasNameIn('namespace.oid')} as "isOwn"
      from pg_catalog.pg_namespace as namespace
      cross join unnest($3::pg_catalog.name[]) as looked_up (name)
      where namespace.nspname = any ($2::pg_catalog.name[])
        and (
          looked_up.name = any ($4::pg_catalog.name[])
          or ${hasNameIn('(select shared.oid from pg_catalog.pg_namespace as shared where shared.nspname = $1::pg_catalog.name)')}
        )`,
    values: [sharedSchema, schemas, names, soonShared],
  }
}
