/**
 * Reads a schema as it sees itself: PostgreSQL prints a name without its schema when the search path leads to it. The path is set and
 * reset by the same statement, so it reaches no other one, on whatever connection or in whatever transaction the statement runs.
 */
import { identifier } from '../names/identifier.ts'
import type { Statement } from '../sql/statement.ts'

/** A schema and its object id. */
export interface SchemaId {
  readonly schema: string
  readonly oid: string
}

/**
 * Gives one row with a column for each query: its rows, as JSON. It is one statement, so all of them see the same state of the database.
 *
 * Temporary tables come last in the path, so that none hides a table of the schema. pg_catalog comes first, as always when it is not
 * named: PostgreSQL itself runs unqualified statements while it prints a view, and these must not meet operators of the schema.
 * @param queries by name. In each, `$1` is the object id of the schema, and the outermost where clause must have `path.value is not null`:
 * PostgreSQL then sets the path before it prints a name. A test holds that.
 */
export function relativeSql({ schema, oid }: SchemaId, queries: Readonly<Record<string, string>>): Statement {
  const names = Object.keys(queries)
  const found = names.map(
    (name) => `${identifier(name)} as materialized (
        select coalesce(pg_catalog.json_agg(pg_catalog.to_json(item)), '[]'::json) as items
        from path
        cross join lateral (${queries[name]!}) as item
      )`,
  )
  return {
    text: `
      with before as materialized (
        select pg_catalog.current_setting('search_path') as value
      ), path as materialized (
        select pg_catalog.set_config('search_path', $2::text, true) as value from before
      ), ${found.join(', ')}
      select
        ${names.map((name) => `${identifier(name)}.items as ${identifier(name)}`).join(',\n        ')},
        pg_catalog.set_config('search_path', before.value, true) as reset
      from before
      cross join ${names.map((name) => identifier(name)).join('\n      cross join ')}`,
    values: [oid, `${identifier(schema)}, pg_temp`],
  }
}
