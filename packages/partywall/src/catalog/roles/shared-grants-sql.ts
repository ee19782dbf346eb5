/** What the group of all tenants may do in the shared schema, beside reading. */
import { identifier } from '../../names/identifier.ts'
import type { Statement } from '../../sql/statement.ts'

export interface SharedTable {
  readonly name: string
  /** Quoted, with its schema. */
  readonly quoted: string
  /** What the group may do with its rows, without reading. */
  readonly granted: readonly string[]
  /** Sequences that give its columns their defaults, quoted. */
  readonly sequences: readonly string[]
  /** Sequences of which the group may take the next value. */
  readonly usable: readonly string[]
}

/** The tables and views of the shared schema on which this connection's role may give rights. */
export function sharedTablesSql(schema: string, group: string): Statement {
  return {
    text: `
      select relation.relname::text as name, format('%I.%I', $1::text, relation.relname) as quoted,
        array(
          select distinct lower(item.privilege_type)
          from aclexplode(relation.relacl) as item
          join pg_catalog.pg_roles as grantee on grantee.oid = item.grantee
          where grantee.rolname = $2 and item.privilege_type <> 'SELECT'
          order by 1
        ) as granted,
        coalesce(owned.sequences, '{}') as sequences,
        coalesce(owned.usable, '{}') as usable
      from pg_catalog.pg_class as relation
      left join lateral (
        select array_agg(distinct format('%I.%I', namespace.nspname, sequence.relname)) as sequences,
          array_agg(distinct format('%I.%I', namespace.nspname, sequence.relname)) filter (where exists (
            select from aclexplode(sequence.relacl) as item
            join pg_catalog.pg_roles as grantee on grantee.oid = item.grantee
            where grantee.rolname = $2 and item.privilege_type in ('USAGE', 'UPDATE')
          )) as usable
        from pg_catalog.pg_depend as part
        join pg_catalog.pg_class as sequence on sequence.oid = part.objid and sequence.relkind = 'S'
        join pg_catalog.pg_namespace as namespace on namespace.oid = sequence.relnamespace
        where part.classid = 'pg_catalog.pg_class'::regclass and part.refclassid = 'pg_catalog.pg_class'::regclass
          and part.refobjid = relation.oid and part.refobjsubid > 0 and part.deptype in ('a', 'i')
      ) as owned on true
      where relation.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1::text)
        and relation.relkind in ('r', 'p', 'v', 'f')
        and pg_catalog.pg_has_role(relation.relowner, 'usage')
      order by relation.relname`,
    values: [schema, group],
  }
}

/** One row for a table or view that exists: who owns it, and the role of this connection. */
export function ownerOfTableSql(schema: string, table: string): Statement {
  return {
    text: `
      select pg_catalog.pg_get_userbyid(relation.relowner)::text as owner, current_user::text as own
      from pg_catalog.pg_class as relation
      where relation.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1::text)
        and relation.relname = $2::name
        and relation.relkind in ('r', 'p', 'v', 'f')`,
    values: [schema, table],
  }
}

export function grantSql(privileges: readonly string[], object: string, role: string): string {
  return `grant ${privileges.join(', ')} on ${object} to ${identifier(role)};`
}

export function revokeSql(privileges: readonly string[], object: string, role: string): string {
  return `revoke ${privileges.join(', ')} on ${object} from ${identifier(role)};`
}
