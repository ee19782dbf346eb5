/** The statement that finds what leads past the schema of a tenant to the shared one. */
import type { Statement } from '../../sql/statement.ts'

/**
 * A row for each of these schemas with each of these names that stands for something in the shared schema, and whether it does in the other, too.
 * @param soon names that will be in the shared schema
 */
export function straysSql(
  sharedSchema: string,
  schemas: readonly string[],
  names: readonly string[],
  soon: readonly string[],
): Statement {
  return {
    text: `
      select
        namespace.nspname::text as schema,
        wanted.name::text as name,
        ${isIn('namespace.oid')} as "isOwn"
      from pg_catalog.pg_namespace as namespace
      cross join unnest($3::pg_catalog.name[]) as wanted (name)
      where namespace.nspname = any ($2::pg_catalog.name[])
        and (
          wanted.name = any ($4::pg_catalog.name[])
          or ${isIn('(select shared.oid from pg_catalog.pg_namespace as shared where shared.nspname = $1::pg_catalog.name)')}
        )`,
    values: [sharedSchema, schemas, names, soon],
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
      `exists (select from pg_catalog.${table} where ${prefix}name = wanted.name and ${prefix}namespace = ${namespace})`,
  )
  return `(${exist.join(' or ')})`
}
