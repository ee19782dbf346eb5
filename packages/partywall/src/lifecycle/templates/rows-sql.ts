/** Statements about the rows of a template, and SQL that copies them. */
import type { Blueprint, Relation } from '../../blueprint/blueprint.ts'
import type { Contents } from '../../catalog/templates/template.ts'
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Statement } from '../../sql/statement.ts'

/** Tables that rows are written to: a partition gets them through its table. */
export function tablesOf({ relations }: Pick<Blueprint, 'relations'>): readonly Relation[] {
  return relations.filter(({ kind, partitionBound }) => isTable(kind) && partitionBound === null)
}

/** A row for each table that has rows, with a hash of them all, in whatever order they are stored. */
export function rowDigestsSql(schema: string, tables: readonly Relation[]): Statement {
  const texts = tables.map(
    (table) => `
      select
        ${literal(table.name)} as name,
        pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5((line.*)::text), '' order by pg_catalog.md5((line.*)::text))) as digest
      from ${from(schema, table)} as line
      having pg_catalog.count(*) > 0`,
  )
  return { text: texts.join('\n      union all') }
}

/** A row for each sequence that is not at its start. */
export function movedSequencesSql(schema: string, { sequences }: Pick<Blueprint, 'sequences'>): Statement {
  const texts = sequences.map(
    ({ name, start }) => `
      select ${literal(name)} as name
      from ${identifier(schema)}.${identifier(name)} as counter
      where counter.is_called or counter.last_value <> ${start}::bigint`,
  )
  return { text: texts.join('\n      union all') }
}

/**
 * Runs with the new schema first in the search path, before keys and triggers are there. A value goes through text, because a type of the template is not that of the
 * tenant, although both have the same labels.
 */
export function copyTexts(
  schema: string,
  to: string,
  blueprint: Blueprint,
  tables: readonly string[],
  { sequences }: Pick<Contents, 'sequences'>,
): string[] {
  const wanted = new Set(tables)
  const copies = tablesOf(blueprint)
    .filter(({ name }) => wanted.has(name))
    .map((table) => {
      const columns = table.columns.filter(({ generated }) => generated === null)
      if (columns.length === 0)
        return `insert into ${identifier(to)}.${identifier(table.name)} select from ${from(schema, table)}`
      const names = columns.map(({ name }) => identifier(name)).join(', ')
      const values = columns.map(({ name, type }) => `line.${identifier(name)}::text::${type}`).join(', ')
      return `insert into ${identifier(to)}.${identifier(table.name)} (${names}) overriding system value select ${values} from ${from(schema, table)} as line`
    })
  const counters = sequences.map((name) => {
    const own = `${identifier(to)}.${identifier(name)}`
    return `select pg_catalog.setval(${literal(own)}::pg_catalog.regclass, counter.last_value, counter.is_called) from ${identifier(schema)}.${identifier(name)} as counter`
  })
  return [...copies, ...counters]
}

/** Rows of a table that inherits belong to that table. */
function from(schema: string, { kind, name }: Relation): string {
  return `${kind === 'table' ? 'only ' : ''}${identifier(schema)}.${identifier(name)}`
}

function isTable(kind: Relation['kind']): boolean {
  return kind === 'table' || kind === 'partitioned table'
}
