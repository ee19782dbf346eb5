/**
 * Reads schemas as they see themselves: PostgreSQL prints a name without its schema when the search path leads to it. The path is set and
 * reset by the same statement, so it reaches no other one, on whatever connection or in whatever transaction the statement runs.
 */
import { membersOf } from './fragments-sql.ts'
import { identifier } from '../names/identifier.ts'
import { tenantRolePattern } from '../names/role-name.ts'
import type { Statement } from '../sql/statement.ts'

/**
 * Gives one row with `schemas`, a JSON text: an object for each of these schemas that exists, with its `schema` and the result of each query. It is one
 * statement, so all of that is one state of the database.
 *
 * The schema comes before pg_catalog, because its own type `money` would otherwise be printed with its schema. But PostgreSQL itself runs
 * statements with the operator `=` while it prints a view, and these must not meet one of the schema: if there is one, pg_catalog comes
 * first. Temporary tables come last, so that none hides a table of the schema.
 * @param queries by name. In each, `path.oid` is the object id of the schema, `path.name` its name, `path.relations` the object ids of its relations, and `path.tenant` the
 * role of its tenant: the only one of a tenant that has a right on the schema. A query runs with the path of that
 * schema, because it is an aggregate that needs the row of `path`: PostgreSQL must make that row first. A test holds that.
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
            wanted.nspname::text as name,
            wanted.tenant,
            wanted.relations,
            pg_catalog.set_config('search_path', wanted.search_path, true) as value
          offset 0
        ) as path
        cross join lateral (select ${aggregate} as result from (${queries[name]!}) as item where path.value is not null) as found
      )`,
  )
  // A union, because a join of so many takes PostgreSQL longer to plan than all the rest.
  const parts = [
    `select oid, 'schema', pg_catalog.to_json(nspname) from wanted`,
    ...names.map((name) => `select oid, '${name}', pg_catalog.to_json(result) from ${identifier(name)}`),
  ]
  return {
    text: `
      with before as materialized (
        select pg_catalog.current_setting('search_path') as value
      ), wanted as materialized (
        select
          namespace.oid,
          namespace.nspname,
          pg_catalog.quote_ident(namespace.nspname) || case
            when exists (
              select
              from pg_catalog.pg_operator as operator
              where operator.oprname = '='
                and operator.oprnamespace = namespace.oid
            ) then ', pg_temp'
            else ', pg_catalog, pg_temp'
          end as search_path,
          (
            select case when pg_catalog.count(distinct entry.grantee) = 1 then pg_catalog.min(entry.grantee::bigint)::pg_catalog.oid end
            from pg_catalog.aclexplode(namespace.nspacl) as entry
            join pg_catalog.pg_roles as role on role.oid = entry.grantee
            where role.rolname ~ '${tenantRolePattern}'
          ) as tenant,
          array(select member.oid from ${membersOf('pg_class', 'namespace.oid')} as member) as relations
        from pg_catalog.pg_namespace as namespace
        cross join before
        where namespace.nspname = any ($1::pg_catalog.name[])
          and before.value is not null
      ), ${found.join(', ')}
      select all_found.schemas::text as schemas, pg_catalog.set_config('search_path', before.value, true) as reset
      from before
      cross join (
        select coalesce(pg_catalog.json_agg(whole.facts order by whole.schema), '[]'::json) as schemas
        from (
          select wanted.nspname as schema, pg_catalog.json_object_agg(part.name, part.result order by part.name) as facts
          from (${parts.join(' union all ')}) as part (oid, name, result)
          join wanted on wanted.oid = part.oid
          group by wanted.nspname
        ) as whole
      ) as all_found`,
    values: [schemas],
  }
}
