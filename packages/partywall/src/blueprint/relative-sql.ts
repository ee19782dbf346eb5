/**
 * Reads schemas as they see themselves: PostgreSQL prints a name without its schema when the search path leads to it. The path is set and
 * reset by the same statement, so it reaches no other one, on whatever connection or in whatever transaction the statement runs.
 */
import { identifier } from '../names/identifier.ts'
import type { Statement } from '../sql/statement.ts'

/**
 * Gives one row with `schemas`: an object for each of these schemas that exists, with its `schema` and the result of each query. It is one
 * statement, so all of that is one state of the database.
 *
 * Temporary tables come last in the path, so that none hides a table of the schema. pg_catalog comes first, as always when it is not
 * named: PostgreSQL itself runs unqualified statements while it prints a view, and these must not meet operators of the schema.
 * @param queries by name. In each, `path.oid` is the object id of the schema. A query runs with the path of that schema, because it is an
 * aggregate that needs the row of `path`: PostgreSQL must make that row first. A test holds that.
 * @param aggregate what is made of the rows, which it sees as `item`
 */
export function relativeSql(schemas: readonly string[], queries: Readonly<Record<string, string>>, aggregate: string): Statement {
  const names = Object.keys(queries)
  const found = names.map(
    (name) => `${identifier(name)} as materialized (
        select wanted.oid, found.result
        from wanted
        cross join lateral (
          select
            wanted.oid,
            pg_catalog.set_config('search_path', pg_catalog.quote_ident(wanted.nspname) || ', pg_temp', true) as value
          offset 0
        ) as path
        cross join lateral (select ${aggregate} as result from (${queries[name]!}) as item where path.value is not null) as found
      )`,
  )
  return {
    text: `
      with before as materialized (
        select pg_catalog.current_setting('search_path') as value
      ), wanted as materialized (
        select namespace.oid, namespace.nspname
        from pg_catalog.pg_namespace as namespace
        cross join before
        where namespace.nspname = any ($1::pg_catalog.name[])
          and before.value is not null
      ), ${found.join(', ')}
      select all_found.schemas, pg_catalog.set_config('search_path', before.value, true) as reset
      from before
      cross join (
        select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
          'schema', wanted.nspname,
          ${names.map((name) => `'${name}', ${identifier(name)}.result`).join(',\n          ')}
        )), '[]'::json) as schemas
        from wanted
        ${names.map((name) => `join ${identifier(name)} on ${identifier(name)}.oid = wanted.oid`).join('\n        ')}
      ) as all_found`,
    values: [schemas],
  }
}
