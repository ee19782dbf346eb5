/**
 * The statements that read the seal of a schema: a hash that changes with everything that anyone changes in it. PostgreSQL writes a new version of a row of its
 * catalogs for each change, so the versions are read, and not what they say: that takes a fraction of the time. A new object is seen by what depends on
 * the schema, so only the catalogs are read that had rows when the schema was sealed: to plan the statement takes as long as to run it, and each new tenant
 * makes the server plan it again.
 */
import type { SealedContents } from '../../catalog/ready/ready-schema.ts'
import { historyTable } from '../../migrations/history/history-sql.ts'
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Statement } from '../../sql/statement.ts'
import { catalogParts, everySchema, objectsSql } from './versions-sql.ts'

/** What has read a seal: another version may see more. A change of a statement of this file, or of the parts, needs another number. */
export const sealReader = '1'

/** What of a schema is read. */
export type ToRead = Pick<SealedContents, 'catalogs' | 'tables' | 'sequences'>

/**
 * One row: `hash`. The versions of rows of tables are read as those of the structure.
 * @param oid of the schema
 * @param lockTimeout of the statements after this one
 */
export function sealSql(oid: string, schema: string, { catalogs, tables, sequences }: ToRead, lockTimeout: string): Statement {
  const own = (name: string): string => `${identifier(schema)}.${identifier(name)}`
  const rows = [...new Set([...tables, historyTable])].map(
    (name) =>
      `(select pg_catalog.concat(${literal(name)}, pg_catalog.count(*), ':', pg_catalog.sum(pg_catalog.hashtextextended(ctid::text, xmin::text::bigint))) from only ${own(name)})`,
  )
  const values = sequences.map((name) => `(select pg_catalog.concat(last_value, is_called) from ${own(name)})`)
  return {
    text: `
      ${objectsSql}
      select
        pg_catalog.concat_ws(' ', (
          select pg_catalog.string_agg(pg_catalog.concat(part.name, ':', part.amount, ':', part.hash), ' ' order by part.name)
          from (${partsSql([...everySchema, ...catalogs])}) as part
        ), ${[...rows, ...values].join(',\n          ')}) as hash,
        pg_catalog.set_config('lock_timeout', $2::text, true) as reset`,
    values: [oid, lockTimeout],
  }
}

/** One row with what a seal must read: the `catalogs` that have rows, the `tables` that have room for rows on the disk, and all `sequences`, as JSON. */
export function contentsSql(oid: string): Statement {
  return {
    text: `
      ${objectsSql}
      select
        (
          select coalesce(pg_catalog.json_agg(part.name order by part.name), '[]')::text
          from (${partsSql(Object.keys(catalogParts).filter((name) => !everySchema.includes(name)))}) as part
          where part.amount > 0
        ) as catalogs,
        coalesce(pg_catalog.json_agg(relation.relname::text order by relation.relname::text) filter (where relation.relkind = 'r' and pg_catalog.pg_relation_size(relation.oid) > 0), '[]')::text as tables,
        coalesce(pg_catalog.json_agg(relation.relname::text order by relation.relname::text) filter (where relation.relkind = 'S'), '[]')::text as sequences
      from pg_catalog.pg_class as relation
      where relation.oid = any ((select wanted.relations from wanted)::pg_catalog.oid[])`,
    values: [oid],
  }
}

function partsSql(names: readonly string[]): string {
  return names
    .map((name) => `select ${literal(name)}::text as name, it.amount, it.hash from (${catalogParts[name]!}) as it`)
    .join('\n          union all ')
}
