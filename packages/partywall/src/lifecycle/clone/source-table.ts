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
  /** Its values are numbers of large objects, tables or other objects of the server (`oid`, `lo`, `regclass`), or are made of them. */
  readonly isObjectNumber: boolean
  /** The type, or what a domain is made of in the end, by its name alone: `text`, `varchar`, `_int4` for a list. */
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

/** Of a table, without what takes a lock on it. */
export type ListedTable = Pick<SourceTable, 'name' | 'oid' | 'kind'>

/** The tables whose rows and columns are read once they are locked. It waits for no lock. */
export async function listTables(queryable: Queryable, schema: string): Promise<ListedTable[]> {
  return (await queryable.query<ListedTable & Record<string, unknown>>(listedTablesSql(schema))).rows
}

/** Whether the same tables are there. Their columns cannot have changed while the tables are locked. */
export function areSameTables(before: readonly ListedTable[], after: readonly ListedTable[]): boolean {
  const idsOf = (tables: readonly ListedTable[]) =>
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

/** Whether a type, what a domain, a list or a range is made of, or a column of a composite type is a number of an object. Types below 16384 are the server's. */
function holdsObjectNumbers(oid: string): string {
  return `(
              ${oid} >= 16384 or exists (select from pg_catalog.pg_type as list where list.oid = ${oid} and list.typelem <> 0)
              or ${oid} = any (${numberTypes})
            ) and exists (
              with recursive part (oid) as (
                select ${oid}
                union
                select below.oid
                from part
                join pg_catalog.pg_type as whole on whole.oid = part.oid
                cross join lateral (
                  select whole.typbasetype
                  union all select whole.typelem
                  union all select pg_range.rngsubtype from pg_catalog.pg_range where pg_range.rngtypid = whole.oid
                  union all
                  select field.atttypid from pg_catalog.pg_attribute as field
                  where field.attrelid = whole.typrelid and field.attnum > 0 and not field.attisdropped
                ) as below (oid)
                where below.oid <> 0
              )
              select from part where part.oid = any (${numberTypes})
            )`
}

const numberTypes = `array[${[
  'oid',
  'regclass',
  'regcollation',
  'regconfig',
  'regdictionary',
  'regnamespace',
  'regoper',
  'regoperator',
  'regproc',
  'regprocedure',
  'regrole',
  'regtype',
]
  .map((name) => `'pg_catalog.${name}'::pg_catalog.regtype::pg_catalog.oid`)
  .join(', ')}]`

/** It enters through pg_depend, because pg_class has no index by schema alone, and a large fleet has many relations. */
const ownTables = `
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
      )`

const listedColumns = `
        own.relname::text as name,
        own.oid::text as oid,
        case own.relkind when 'r' then 'table' when 'p' then 'partitioned table' else 'foreign table' end as kind`

function listedTablesSql(schema: string): Statement {
  return { text: `${ownTables}\n      select ${listedColumns}\n      from own\n      order by 1`, values: [schema] }
}

/** The sizes wait for a transaction that has locked a table against readers. */
function sourceTablesSql(schema: string): Statement {
  return {
    text: `${ownTables}
      select ${listedColumns},
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
            'isNullable', not attribute.attnotnull and not coalesce(base.is_not_null, type.typnotnull),
            'isOwnType', type.typnamespace = (select oid from home),
            'isObjectNumber', ${holdsObjectNumbers('type.oid')},
            'base', coalesce(base.name, type.typname)::text,
            'length', case when coalesce(base.name, type.typname) in ('varchar', 'bpchar')
              then nullif(greatest(attribute.atttypmod, coalesce(base.modifier, -1)) - 4, -5) end
          ) order by attribute.attnum)
          from pg_catalog.pg_attribute as attribute
          join pg_catalog.pg_type as type on type.oid = attribute.atttypid
          left join lateral (
            with recursive layer as (
              select type.oid, type.typbasetype, type.typtypmod, type.typname, type.typnotnull
              union all
              select below.oid, below.typbasetype, below.typtypmod, below.typname, below.typnotnull
              from layer
              join pg_catalog.pg_type as below on below.oid = layer.typbasetype
            )
            select
              pg_catalog.max(layer.typname::text) filter (where layer.typbasetype = 0) as name,
              pg_catalog.max(layer.typtypmod) as modifier,
              pg_catalog.bool_or(layer.typnotnull) as is_not_null
            from layer
          ) as base on type.typtype = 'd'
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
