/** The statement that finds names which lead from the schema of a tenant to the shared schema. */
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
        ${isIn('namespace.oid')} as "isOwn"
      from pg_catalog.pg_namespace as namespace
      cross join unnest($3::pg_catalog.name[]) as looked_up (name)
      where namespace.nspname = any ($2::pg_catalog.name[])
        and (
          looked_up.name = any ($4::pg_catalog.name[])
          or ${isIn('(select shared.oid from pg_catalog.pg_namespace as shared where shared.nspname = $1::pg_catalog.name)')}
        )`,
    values: [sharedSchema, schemas, names, soonShared],
  }
}

function isIn(namespace: string): string {
  const kinds = [
    ['pg_class', 'rel'],
    ['pg_type', 'typ'],
    ['pg_proc', 'pro'],
  ]
  const exist = kinds.map(
    ([table, prefix]) =>
      `exists (select from pg_catalog.${table} where ${prefix}name = looked_up.name and ${prefix}namespace = ${namespace})`,
  )
  return `(${exist.join(' or ')})`
}
