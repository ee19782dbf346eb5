/** Where roles still have rights, so that the last step of a change takes what is there, and nothing else is recorded as taken. */
import type { Statement } from '../../sql/statement.ts'

/** Those of these schemas in which one of the roles has a right that the role of this connection may take: on the schema, on what it holds, or on what comes. */
export function heldInSql(schemas: readonly string[], roles: readonly string[]): Statement {
  return {
    text: `
      with namespace as materialized (
        select namespace.oid, namespace.nspname, namespace.nspowner, namespace.nspacl
        from pg_catalog.pg_namespace as namespace
        where namespace.nspname = any ($1::name[])
      ), entry as (
        select namespace.nspname, namespace.nspowner as owner, item.grantee
        from namespace
        cross join lateral aclexplode(namespace.nspacl) as item
        union all
        select namespace.nspname, relation.relowner, item.grantee
        from namespace
        join pg_catalog.pg_class as relation on relation.relnamespace = namespace.oid
        cross join lateral aclexplode(relation.relacl) as item
        union all
        select namespace.nspname, relation.relowner, item.grantee
        from namespace
        join pg_catalog.pg_class as relation on relation.relnamespace = namespace.oid
        join pg_catalog.pg_attribute as attribute on attribute.attrelid = relation.oid
        cross join lateral aclexplode(attribute.attacl) as item
        union all
        select namespace.nspname, routine.proowner, item.grantee
        from namespace
        join pg_catalog.pg_proc as routine on routine.pronamespace = namespace.oid
        cross join lateral aclexplode(routine.proacl) as item
        union all
        select namespace.nspname, later.defaclrole, item.grantee
        from namespace
        join pg_catalog.pg_default_acl as later on later.defaclnamespace = namespace.oid
        cross join lateral aclexplode(later.defaclacl) as item
      )
      select distinct entry.nspname::text as schema
      from entry
      join pg_catalog.pg_roles as role on role.oid = entry.grantee
      where role.rolname = any ($2::name[])
        and entry.owner <> entry.grantee
        and pg_has_role(entry.owner, 'usage')
      order by 1`,
    values: [schemas, roles],
  }
}
