/** Conditions on the rows of a list. A condition names a column of the catalogs, and its value is a parameter of the type of the column. */
import { identifier } from 'partywall'
import * as z from 'zod'
import type { Filter } from './api.ts'
import type { Parameters } from './parameters.ts'
import { Refusal } from './refusal.ts'
import { columnOf, isBytes, type Column, type Table } from './table.ts'

const longestValue = 2000

const operators = ['is', 'contains', 'above', 'below', 'null', 'not null'] as const

/** In an address: a list of `[column, operator, value]`. */
const schema = z
  .array(
    z.union([
      z.tuple([z.string().max(63), z.enum(['null', 'not null'])]),
      z.tuple([z.string().max(63), z.enum(operators), z.string().max(longestValue)]),
    ]),
  )
  .max(20)

/** @throws Refusal BAD_FILTER */
export function parseFilters(text: string | undefined): Filter[] {
  if (text === undefined || text === '') return []
  const parsed = schema.safeParse(tryJson(text))
  if (!parsed.success)
    throw new Refusal('BAD_FILTER', 'The filters of this address cannot be read. A filter has a column, an operator and a value.')
  return parsed.data.map(([column, operator, value]) => ({
    column,
    operator,
    ...(value !== undefined && operator !== 'null' && operator !== 'not null' && { value: value.replaceAll('\0', '') }),
  }))
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** @throws Refusal UNKNOWN_COLUMN, BAD_FILTER */
export function conditionSql(table: Table, { column: name, operator, value = '' }: Filter, parameters: Parameters): string {
  const column = columnOf(table, name)
  if (!column.mayRead) throw badFilter(name, 'The right to read this column is missing.')
  const sql = `"row".${identifier(name)}`
  const isText = !column.isSortable
  switch (operator) {
    case 'null':
      return `${sql} is null`
    case 'not null':
      return `${sql} is not null`
    case 'contains':
      if (isBytes(column)) throw badFilter(name, 'Bytes cannot be searched.')
      return `${sql}::pg_catalog.text ilike ${parameters.add(`%${value.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`, 'pg_catalog.text')}`
    case 'is':
      if (isText) return `${sql}::pg_catalog.text = ${parameters.add(value, 'pg_catalog.text')}`
      return `${sql} = ${parameters.add(value, column.cast)}`
    default:
      if (isText) throw badFilter(name, `Values of ${column.type} have no order.`)
      return `${sql} ${operator === 'above' ? '>' : '<'} ${parameters.add(value, column.cast)}`
  }
}

/** The values of filters that PostgreSQL reads as a type. */
export function typedValues(table: Table, filters: readonly Filter[]): { column: Column; value: string }[] {
  return filters.flatMap(({ column: name, operator, value }) => {
    const column = columnOf(table, name)
    return value === undefined || operator === 'contains' || !column.isSortable ? [] : [{ column, value }]
  })
}

export function badFilter(column: string, sentence: string): Refusal {
  return new Refusal('BAD_FILTER', `The filter of ${JSON.stringify(column)} cannot be used: ${sentence}`, {
    fields: { [column]: sentence },
  })
}
