/**
 * The result of a statement, as PostgreSQL writes it: a table shows PostgreSQL's own text, so that no digit and no time zone is lost in
 * JavaScript; JSON gets the values that PostgreSQL's to_json would give.
 */
import type { QueryArrayConfig, QueryArrayResult } from 'pg'
import { parseArrayText } from '../../sql/literal.ts'
import type { ForEachEntry } from '../../fleet/for-each.ts'
import { printable } from '../terminal/printable.ts'
import { table } from '../terminal/table.ts'

export interface SqlResult {
  /** SELECT, INSERT, … */
  readonly command: string
  readonly rowCount: number | null
  readonly columns: readonly { readonly name: string; readonly type: number }[]
  readonly rows: readonly (readonly (string | null)[])[]
}

/** The statement as pg takes it; values stay text. */
export function asQuery(text: string): QueryArrayConfig {
  return { text, rowMode: 'array', types: { getTypeParser: () => (value: string) => value } as never }
}

/** One result for each statement of the SQL. */
export function toResults(answer: QueryArrayResult | QueryArrayResult[]): SqlResult[] {
  return [answer].flat().map(({ command, rowCount, fields, rows }) => ({
    command,
    rowCount,
    columns: (fields ?? []).map(({ name, dataTypeID }) => ({ name, type: dataTypeID })),
    rows: rows as (string | null)[][],
  }))
}

/** The result of the last statement; with several statements, all of them as `results`. */
export function resultDocument(results: readonly SqlResult[]): object {
  const all = results.map(oneDocument)
  return { ...all.at(-1), ...(all.length > 1 && { results: all }) }
}

function oneDocument({ command, rowCount, columns, rows }: SqlResult): object {
  const names = distinct(columns.map(({ name }) => name))
  return {
    command,
    rowCount,
    columns: names,
    rows: rows.map((row) =>
      Object.fromEntries(row.map((value, column) => [names[column], jsonOf(value, columns[column]!.type)])),
    ),
  }
}

/** A second `count` becomes `count_2`, because an object holds a name once. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let free = name
    for (let number = 2; taken.has(free); number++) free = `${name}_${number}`
    taken.add(free)
    return free
  })
}

export function renderResults(results: readonly SqlResult[]): string {
  return results.map(renderOne).join('\n\n')
}

/** One table for all tenants when their results have the same columns; otherwise a block for each tenant. */
export function renderFleet(entries: readonly ForEachEntry<SqlResult[]>[]): string {
  const done = entries.flatMap(({ target, value }) => (value === undefined ? [] : [{ target, results: value }]))
  const [first] = done
  if (first === undefined) return ''
  const shape = (results: readonly SqlResult[]): string => JSON.stringify(results.map(({ columns }) => columns))
  const isAlike = done.every(({ results }) => results.length === 1 && shape(results) === shape(first.results))
  if (!isAlike) return done.map(({ target, results }) => `${printable(target)}:\n${renderResults(results)}`).join('\n\n')
  const { columns } = first.results[0]!
  if (columns.length === 0)
    return table(
      ['tenant', 'done'],
      done.map(({ target, results }) => [target, tag(results[0]!)]),
    )
  return table(
    ['tenant', ...columns.map(({ name }) => name)],
    done.flatMap(({ target, results }) => results[0]!.rows.map((row) => [target, ...row.map(cellOf)])),
    (column) => column > 0 && isNumber(columns[column - 1]!.type),
  )
}

function renderOne(result: SqlResult): string {
  const { columns, rows } = result
  if (columns.length === 0) return tag(result)
  const body = table(
    columns.map(({ name }) => name),
    rows.map((row) => row.map(cellOf)),
    (column) => isNumber(columns[column]!.type),
  )
  return rows.length === 0 ? `${body}\n(no rows)` : body
}

function tag({ command, rowCount }: SqlResult): string {
  return rowCount === null ? command : `${command} ${rowCount}`
}

function cellOf(value: string | null): string {
  return value ?? 'null'
}

function jsonOf(value: string | null, type: number): unknown {
  if (value === null) return null
  if (type === bool) return value === 't'
  if (isNumber(type)) return exactNumber(value)
  if (type === json || type === jsonb) return JSON.parse(value)
  if (arrays.has(type)) return parseArrayText(type, value)
  return value
}

/** All digits, also of a number that JavaScript would round; NaN and Infinity, which JSON does not have, as text. */
function exactNumber(text: string): unknown {
  const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown }
  return /^-?\d/.test(text) ? rawJSON(text) : text
}

function isNumber(type: number): boolean {
  return numbers.has(type)
}

// Object ids of PostgreSQL's own types, from pg_type.dat.
const bool = 16
const json = 114
const jsonb = 3802
/** int8, int2, int4, oid, float4, float8, numeric */
const numbers = new Set([20, 21, 23, 26, 700, 701, 1700])
/** Of bool, int2, int4, float4, float8, text, varchar, uuid, json, jsonb */
const arrays = new Set([1000, 1005, 1007, 1021, 1022, 1009, 1015, 2951, 199, 3807])
