/**
 * Views and materialized views. A view that others must precede is made twice: first with the names and types of its columns alone, which is
 * all that functions and tables need of it, and later with its query.
 */
import { identifier } from '../../names/identifier.ts'
import type { Blueprint, Relation } from '../blueprint.ts'
import { columnSettings } from './columns.ts'
import type { Rendering, Unit } from './rendered-schema.ts'
import { keyOf } from './sql-names.ts'
import { storageParameters } from './storage-parameters.ts'
import { withUnnamedColumns } from './unnamed-columns.ts'

export function viewUnits({ relations }: Blueprint, rendering: Rendering): Unit[] {
  return relations.flatMap((relation) => {
    if (relation.kind === 'view') return view(relation, rendering)
    return relation.kind === 'materialized view' ? materializedView(relation) : []
  })
}

function view(relation: Relation, { split }: Rendering): Unit[] {
  const [key, query] = [keyOf('relation', relation.name), keyOf('query', relation.name)]
  const name = identifier(relation.name)
  const { columns: named, query: text } = queryOf(relation)
  const real = (verb: string) => [`${verb} view ${name}${named}${withOptions(relation)} as ${text}`, ...defaults(relation)]
  if (!split.has(key)) return [{ keys: [key, query], statements: real('create'), tier: 'view' }]
  const columns = relation.columns.map(
    (column) =>
      `null::${column.type}${column.collation === null ? '' : ` collate ${column.collation}`} as ${identifier(column.name)}`,
  )
  return [
    { keys: [key], statements: [`create view ${name} as select ${columns.join(', ')}`], tier: 'view' },
    { keys: [query], statements: real('create or replace'), tier: 'query of a view', needs: [key] },
  ]
}

/** Filled at the end: its rows come from tables whose rows are copied before. */
function materializedView(relation: Relation): Unit[] {
  const [key, name] = [keyOf('relation', relation.name), identifier(relation.name)]
  const space = relation.tablespace === null ? '' : ` tablespace ${identifier(relation.tablespace)}`
  const method = relation.accessMethod === null ? '' : ` using ${identifier(relation.accessMethod)}`
  const settings = relation.columns.flatMap((column) => [
    ...(column.compression === null
      ? []
      : [`alter materialized view ${name} alter column ${identifier(column.name)} set compression ${column.compression}`]),
    ...columnSettings(`materialized view ${name}`, column),
  ])
  const create = `create materialized view ${name}${method}${withOptions(relation)}${space} as ${definitionOf(relation)} with no data`
  const made: Unit = { keys: [key, keyOf('query', relation.name)], statements: [create, ...settings], tier: 'view' }
  if (!relation.populated) return [made]
  const filled = keyOf('refresh', relation.name)
  return [made, { keys: [filled], statements: [`refresh materialized view ${name}`], tier: 'refresh', needs: [key] }]
}

function withOptions({ options, toastOptions }: Relation): string {
  const all = [storageParameters(options), storageParameters(toastOptions, 'toast.')].filter((text) => text !== '')
  return all.length === 0 ? '' : ` with (${all.join(', ')})`
}

function definitionOf({ definition }: Relation): string {
  return withUnnamedColumns(definition!.replace(/;\s*$/, ''))
}

/** PostgreSQL prints VALUES as a query of the values, and would print that query in another way. */
function queryOf(relation: Relation): { readonly columns: string; readonly query: string } {
  const definition = definitionOf(relation)
  const values = /^ SELECT .*\n   FROM \((VALUES .*)\) "\*VALUES\*"$/s.exec(definition)?.[1]
  const columns = relation.columns.map(({ name }) => identifier(name))
  const targets = relation.columns.map(({ name }, at) =>
    // Before PostgreSQL 18 every column has the name of the table.
    ['', '"*VALUES*".'].flatMap((table) => {
      const column = `${table}column${at + 1}`
      return [`${column} AS ${name}`, `${column} AS ${identifier(name)}`, ...(name === `column${at + 1}` ? [column] : [])]
    }),
  )
  const isPlain = values !== undefined && selects(definition, targets)
  return isPlain ? { columns: ` (${columns.join(', ')})`, query: values } : { columns: '', query: definition }
}

/** Whether a query begins with these columns and no other. Some can be written in two ways. */
function selects(definition: string, targets: readonly (readonly string[])[]): boolean {
  let rest = definition.slice(' SELECT '.length)
  for (const [at, target] of targets.entries()) {
    const found = target.find((one) => rest.startsWith(one))
    if (found === undefined) return false
    rest = rest.slice(found.length)
    if (at < targets.length - 1) rest = rest.replace(/^,\s+/, '')
  }
  return /^\s+FROM \(VALUES /.test(rest)
}

function defaults({ name, columns }: Relation): string[] {
  return columns
    .filter((column) => column.default !== null)
    .map((column) => `alter view ${identifier(name)} alter column ${identifier(column.name)} set default ${column.default!}`)
}
