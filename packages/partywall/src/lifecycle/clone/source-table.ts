/** The tables of the source as a copy needs them. */
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'

export interface SourceTable {
  readonly name: string
  readonly oid: string
  readonly kind: 'table' | 'partitioned table' | 'foreign table'
  /** With what is stored out of line, without indexes. */
  readonly bytes: number
  /** Of the main file; null where the table is not stored as pages that can be read in parts. */
  readonly pages: number | null
  /** What the statistics of the server say; null before the first ANALYZE or VACUUM. */
  readonly rows: number | null
  readonly indexes: number
  /** The names of tables of the same schema that it inherits from, or is a partition of. */
  readonly parents: readonly string[]
  readonly columns: readonly SourceColumn[]
  readonly foreignKeys: readonly SourceKey[]
}

export interface SourceColumn {
  readonly name: string
  readonly isGenerated: boolean
  readonly isNullable: boolean
  /** Its type is an object of the schema itself: that of the clone is another one. */
  readonly isOwnType: boolean
  /** Its type is `lo`, or made of it. */
  readonly isLargeObject: boolean
  /** The type, or what a domain is made of, by its name alone: `text`, `varchar`, `_int4` for a list. */
  readonly base: string
  /** The most characters; null without a limit. */
  readonly length: number | null
}

/** A foreign key to a table of the same schema. */
interface SourceKey {
  readonly name: string
  readonly to: string
  readonly columns: readonly string[]
  /** `match full`: all columns are null, or none. */
  readonly isFull: boolean
}

/** The history of the migrations is left out. In the order of their names. */
export function readSourceTables(queryable: Queryable, schema: string): Promise<SourceTable[]> {
  return readJson<SourceTable>(queryable, sourceTablesSql(schema))
}

/** Whether the same tables are there. Their columns cannot have changed while the tables are locked. */
export function areSameTables(before: readonly SourceTable[], after: readonly SourceTable[]): boolean {
  const idsOf = (tables: readonly SourceTable[]) =>
    tables
      .map(({ oid, name }) => `${oid} ${name}`)
      .toSorted()
      .join('\n')
  return idsOf(before) === idsOf(after)
}

/** The tables, and all partitions and children of them. */
export function withChildren(names: Iterable<string>, tables: readonly SourceTable[]): Set<string> {
  const all = new Set(names)
  for (const name of all) for (const { name: child, parents } of tables) if (parents.includes(name)) all.add(child)
  return all
}

/** It enters through pg_depend, because pg_class has no index by schema alone, and a large fleet has many relations. */
function sourceTablesSql(schema: string): Statement {
  return {
    text: `
      with home as materialized (
        select namespace.oid from pg_catalog.pg_namespace as namespace where namespace.nspname::text = $1::text
      ), own as materialized (
        select relation.*
        from pg_catalog.pg_depend as dependency
        join pg_catalog.pg_class as relation on relation.oid = dependency.objid
        where dependency.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
          and dependency.refobjid = (select oid from home)
          and dependency.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
          and relation.relkind in ('r', 'p', 'f')
          and relation.relname <> 'partywall_migrations'
      )
      select
        own.relname::text as name,
        own.oid::text as oid,
        case own.relkind when 'r' then 'table' when 'p' then 'partitioned table' else 'foreign table' end as kind,
        coalesce(pg_catalog.pg_table_size(own.oid), 0) as bytes,
        case when own.relkind = 'r' and method.amname = 'heap'
          then pg_catalog.pg_relation_size(own.oid) / pg_catalog.current_setting('block_size')::bigint
        end as pages,
        case when own.reltuples >= 0 then own.reltuples::bigint end as rows,
        (select pg_catalog.count(*) from pg_catalog.pg_index as index where index.indrelid = own.oid) as indexes,
        coalesce((
          select pg_catalog.json_agg(parent.relname::text order by parent.relname::text)
          from pg_catalog.pg_inherits as link
          join pg_catalog.pg_class as parent on parent.oid = link.inhparent
          where link.inhrelid = own.oid
            and parent.relnamespace = (select oid from home)
        ), '[]'::json) as parents,
        coalesce((
          select pg_catalog.json_agg(pg_catalog.json_build_object(
            'name', attribute.attname::text,
            'isGenerated', attribute.attgenerated <> '',
            'isNullable', not attribute.attnotnull and not type.typnotnull,
            'isOwnType', type.typnamespace = (select oid from home),
            'isLargeObject', coalesce(type.typname = 'lo' or base.typname = 'lo', false),
            'base', coalesce(base.typname, type.typname)::text,
            'length', case when coalesce(base.typname, type.typname) in ('varchar', 'bpchar')
              then nullif(greatest(attribute.atttypmod, case when base.oid is null then -1 else type.typtypmod end) - 4, -5) end
          ) order by attribute.attnum)
          from pg_catalog.pg_attribute as attribute
          join pg_catalog.pg_type as type on type.oid = attribute.atttypid
          left join pg_catalog.pg_type as base on base.oid = type.typbasetype
          where attribute.attrelid = own.oid
            and attribute.attnum > 0
            and not attribute.attisdropped
        ), '[]'::json) as columns,
        coalesce((
          select pg_catalog.json_agg(pg_catalog.json_build_object(
            'name', key.conname::text,
            'to', target.relname::text,
            'isFull', key.confmatchtype = 'f',
            'columns', (
              select pg_catalog.json_agg(attribute.attname::text)
              from pg_catalog.pg_attribute as attribute
              where attribute.attrelid = own.oid and attribute.attnum = any (key.conkey)
            )
          ) order by key.conname::text)
          from pg_catalog.pg_constraint as key
          join own as target on target.oid = key.confrelid
          where key.conrelid = own.oid
            and key.contype = 'f'
        ), '[]'::json) as "foreignKeys"
      from own
      left join pg_catalog.pg_am as method on method.oid = own.relam
      order by 1`,
    values: [schema],
  }
}
