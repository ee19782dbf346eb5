/** Numbers and names for people. */
import type { ColumnAnswer, ColumnKind, FilterOperator, RowCount } from '../../src/data/api.ts'

const numbers = new Intl.NumberFormat('en')
const short = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

export function numberText(value: number): string {
  return numbers.format(value)
}

export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), units.length)
  return `${short.format(bytes / 1000 ** power)} ${units[power - 1]}`
}

export function countText({ rows, isExact }: RowCount): string {
  return isExact ? rowsText(rows) : `about ${rowsText(rows)}`
}

function rowsText(rows: number): string {
  return `${numberText(rows)} ${rows === 1 ? 'row' : 'rows'}`
}

const ordered = new Set<ColumnKind>(['date', 'time', 'timestamp', 'timestamp with time zone'])

export function operatorText(operator: FilterOperator, column: ColumnAnswer | undefined): string {
  const isTime = column !== undefined && ordered.has(column.kind)
  switch (operator) {
    case 'is':
      return 'is'
    case 'contains':
      return 'contains'
    case 'above':
      return isTime ? 'is after' : 'is more than'
    case 'below':
      return isTime ? 'is before' : 'is less than'
    case 'null':
      return 'has no value'
    default:
      return 'has a value'
  }
}

/** What a filter may ask of a column. */
export function operatorsOf({ kind, isSortable, isNullable }: ColumnAnswer): FilterOperator[] {
  return [
    ...(kind === 'bytes' ? [] : (['is'] as const)),
    ...(kind === 'bytes' || kind === 'boolean' ? [] : (['contains'] as const)),
    ...(isSortable && kind !== 'boolean' && kind !== 'bytes' ? (['above', 'below'] as const) : []),
    ...(isNullable ? (['null', 'not null'] as const) : []),
  ]
}

/** How a value of the column is written. */
export function exampleOf({ kind, type }: ColumnAnswer): string | undefined {
  switch (kind) {
    case 'date':
      return 'such as 2026-05-31'
    case 'time':
      return 'such as 14:30:00'
    case 'timestamp':
      return 'such as 2026-05-31 14:30:00'
    case 'timestamp with time zone':
      return 'shown in UTC; such as 2026-05-31 14:30:00+00'
    case 'array':
      return 'such as {a,"b c",NULL}'
    case 'other':
      return type.endsWith('range') ? 'such as [1,5)' : undefined
    default:
      return undefined
  }
}
