/** The values of columns as text, cut on the server: a value of a megabyte is its beginning and its length when it travels. */
import { identifier } from 'partywall'
import type { Cell } from './api.ts'
import { isBytes, kindOfColumn, type Column } from './table.ts'

/** A value of these types is never long. */
const short = new Set(['integer', 'boolean', 'date', 'time', 'timestamp', 'timestamp with time zone', 'uuid'])
const shownBytes = 16

/** The texts of the columns, of rows called `row`, under the names c0, c1, …: each value becomes text once. */
export function textsSql(columns: readonly Column[], isPretty = false): string {
  const texts = columns.map((column, at) => `${textSql(column, isPretty)} as c${at}`)
  // OFFSET keeps PostgreSQL from writing the expression in each place that it is used in.
  return `(select ${texts.join(', ')} offset 0) as texts`
}

function textSql(column: Column, isPretty: boolean): string {
  const value = `"row".${identifier(column.name)}`
  if (isBytes(column)) {
    return `pg_catalog.encode(pg_catalog.substr(${value}, 1, ${shownBytes}), 'hex') || ':' || pg_catalog.octet_length(${value})`
  }
  if (isPretty && column.base === 'jsonb' && !column.isArray) return `pg_catalog.jsonb_pretty(${value}::pg_catalog.jsonb)`
  return `${value}::pg_catalog.text`
}

/**
 * The cells as two lists: the beginnings, and how many bytes each value has that is longer than that.
 * @param most characters of a cell
 */
export function cellsSql(columns: readonly Column[], most: number): string {
  const starts = columns.map((column, at) => (isShort(column) ? `texts.c${at}` : `pg_catalog.left(texts.c${at}, ${most})`))
  const sizes = columns.map((column, at) =>
    isShort(column)
      ? 'null'
      : `case when pg_catalog.octet_length(texts.c${at}) > ${most} then nullif(pg_catalog.octet_length(texts.c${at}), pg_catalog.octet_length(pg_catalog.left(texts.c${at}, ${most}))) end`,
  )
  return `array[${starts.join(', ')}]::pg_catalog.text[] as starts, array[${sizes.join(', ')}]::pg_catalog.int4[] as sizes`
}

function isShort(column: Column): boolean {
  return isBytes(column) || short.has(kindOfColumn(column))
}

export interface CellsRow {
  readonly starts: readonly (string | null)[]
  readonly sizes: readonly (number | null)[]
}

export function cellsOf(columns: readonly Column[], { starts, sizes }: CellsRow): Cell[] {
  return columns.map((column, at) => {
    const start = starts[at] ?? null
    if (start === null) return null
    if (isBytes(column)) {
      const [digits = '', bytes = '0'] = start.split(':')
      return { start: digits, bytes: Number(bytes) }
    }
    const bytes = sizes[at] ?? null
    return bytes === null ? start : { start, bytes }
  })
}
