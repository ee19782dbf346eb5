/** The tables of a schema, from PostgreSQL's catalogs. */

/** Partywall's own history of migrations, which stands in each schema. */
const historyTable = 'partywall_migrations'
export const mostTables = 1000

/** A condition: `class` is a table for people, and no part of an extension or of partywall. */
export const isShown = `class.relkind in ('r', 'p', 'v', 'm', 'f')
          and class.relname <> '${historyTable}'
          and not exists (
            select from pg_catalog.pg_depend as member
            where member.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and member.objid = class.oid and member.deptype = 'e'
          )`

export const kindOf = `case class.relkind
            when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view' when 'm' then 'materialized view' else 'foreign table'
          end`

export interface TableRow {
  readonly oid: string
  readonly name: string
  readonly kind: 'table' | 'partitioned table' | 'view' | 'materialized view' | 'foreign table'
  /** The oid of the table that it is a partition of, in the same schema. */
  readonly parent: string | null
  /** Below zero: never counted. */
  readonly tuples: number
  readonly bytes: number
  readonly comment: string | null
  readonly mayRead: boolean
}

/** $1: the schema. It enters through pg_depend, because pg_class has no index by schema alone, and a fleet has many tables. */
export const tablesSql = `
        select
          class.oid::pg_catalog.text as oid,
          class.relname::pg_catalog.text as name,
          ${kindOf} as kind,
          (
            select link.inhparent::pg_catalog.text
            from pg_catalog.pg_inherits as link
            join pg_catalog.pg_class as parent on parent.oid = link.inhparent
            where class.relispartition and link.inhrelid = class.oid and parent.relnamespace = class.relnamespace
          ) as parent,
          class.reltuples::pg_catalog.float8 as tuples,
          case when class.relkind in ('r', 'm') then coalesce(pg_catalog.pg_total_relation_size(class.oid), 0) else 0 end as bytes,
          pg_catalog.left(pg_catalog.obj_description(class.oid, 'pg_class'), 300) as comment,
          pg_catalog.has_any_column_privilege(class.oid, 'SELECT') as "mayRead"
        from pg_catalog.pg_namespace as space
        join pg_catalog.pg_depend as dependency
          on dependency.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
          and dependency.refobjid = space.oid
          and dependency.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        join pg_catalog.pg_class as class on class.oid = dependency.objid
        where space.nspname = $1::pg_catalog.text::pg_catalog.name and ${isShown}
        order by name
        limit 5001`
