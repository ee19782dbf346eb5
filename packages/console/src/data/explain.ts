/**
 * What PostgreSQL refused, in sentences at the field that it is about. The detail of the server's error is never passed on: it may hold values of other rows, and
 * of columns that the operator does not see.
 */
import type { AnyTenancy } from '../parts.ts'
import { badFilter } from './filters.ts'
import { Parameters, readRows } from './parameters.ts'
import { reading, statementLimitMs } from './place.ts'
import { Refusal } from './refusal.ts'
import type { Column, Table } from './table.ts'

/** A value that PostgreSQL was given for a column. */
export interface TypedValue {
  readonly column: Column
  readonly value: string
}

export interface Attempt {
  readonly tenancy: AnyTenancy
  /** Absent: it was not found yet. */
  readonly table: Table | undefined
  readonly values?: readonly TypedValue[]
  readonly isFilter?: boolean
}

interface ServerError {
  readonly code: string
  readonly message: string
  readonly table?: string
  readonly column?: string
  readonly constraint?: string
}

export function sqlStateOf(error: unknown): string | undefined {
  return serverErrorOf(error)?.code
}

function serverErrorOf(error: unknown): ServerError | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('severity' in error)) return undefined
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? (error as unknown as ServerError) : undefined
}

/** The error to throw in place of what a statement failed with. One that is no refusal of PostgreSQL is returned as it is. */
export async function explained(error: unknown, attempt: Attempt): Promise<unknown> {
  const refused = serverErrorOf(error)
  if (refused === undefined) return error
  const { table } = attempt
  const name = JSON.stringify(table?.name ?? 'this table')
  switch (refused.code) {
    case '57014':
      return new Refusal('TOO_SLOW', `PostgreSQL needed more than ${statementLimitMs / 1000} seconds. ${hint(table)}`)
    case '55P03':
      return new Refusal(
        'TABLE_LOCKED',
        `Another transaction holds a lock on ${name}, such as a migration. Try again in a moment.`,
      )
    case '40001':
    case '40P01':
      return new Refusal(
        'TABLE_LOCKED',
        'Another transaction changed the same rows at the same moment, so nothing was done. Try again.',
      )
    case '42501':
      return new Refusal('NO_RIGHT', rightSentence(refused, name))
    case '25006':
      return new Refusal('READ_ONLY', 'The server only reads: it is a replica, or the database is read-only.')
    case '42P01':
      return new Refusal('UNKNOWN_TABLE', `${name} is no longer there.`)
    default:
      return table === undefined ? error : await constraintRefusal(error, refused, table, attempt)
  }
}

function hint(table: Table | undefined): string {
  const indexed = (table?.columns ?? []).filter(({ isIndexed, mayRead }) => isIndexed && mayRead).map(({ name }) => name)
  const by =
    indexed.length === 0 ? 'This table has no index.' : `Columns with an index are quick: ${indexed.slice(0, 8).join(', ')}.`
  return `Sort by another column, or add a filter. ${by}`
}

function rightSentence({ message }: ServerError, name: string): string {
  if (message.includes('row-level security')) return `The policies of ${name} refuse this row.`
  return `The role that these statements run as lacks the right to do this in ${name}. What roles may do: docs/boundaries.md.`
}

async function constraintRefusal(error: unknown, refused: ServerError, table: Table, attempt: Attempt): Promise<unknown> {
  const { code, constraint, column } = refused
  if (code === '23502' && column !== undefined) return atFields([column], 'It needs a value.')
  if (code === '23505')
    return atFields(
      columnsOf(table.keys, constraint),
      'Another row has this value already.',
      'Another row has these values already.',
    )
  if (code === '23P01')
    return atFields(
      columnsOf(table.keys, constraint),
      'Another row stands against this value.',
      'Another row stands against these values.',
    )
  if (code === '23503') return foreignKeyRefusal(refused, table)
  if (code === '23514' && constraint !== undefined) {
    const columns = columnsOf(table.checks, constraint)
    if (columns.length > 0) return atFields(columns, `The rule ${JSON.stringify(constraint)} refuses it.`)
  }
  if (code.startsWith('22') || code.startsWith('23')) {
    const fields = await refusedValues(attempt, refused)
    const [first] = Object.entries(fields)
    if (first !== undefined && attempt.isFilter === true) return badFilter(...first)
    if (first !== undefined) return new Refusal('ROW_REFUSED', 'PostgreSQL cannot take a value.', { fields })
    return new Refusal(attempt.isFilter === true ? 'BAD_FILTER' : 'ROW_REFUSED', sentence(refused.message))
  }
  // What a trigger raises, and columns that are always generated.
  if (code === 'P0001' || code === '428C9' || code === '42846' || code === '42883')
    return new Refusal('ROW_REFUSED', sentence(refused.message))
  return error
}

function foreignKeyRefusal({ constraint, table: at }: ServerError, table: Table): Refusal {
  const link = at === table.name ? table.links.find(({ name }) => name === constraint) : undefined
  if (link !== undefined) return atFields(link.columns, `${JSON.stringify(link.table)} has no such row.`)
  return new Refusal(
    'ROW_REFUSED',
    `Rows of ${JSON.stringify(at ?? 'another table')} refer to this row, so it stays. Change or delete those first.`,
  )
}

function columnsOf(
  list: readonly { readonly name: string; readonly columns: readonly string[] }[],
  constraint: string | undefined,
): readonly string[] {
  return list.find(({ name }) => name === constraint)?.columns ?? []
}

function atFields(columns: readonly string[], one: string, several = one): Refusal {
  const text = columns.length > 1 ? several : one
  const names = columns.map((name) => JSON.stringify(name)).join(', ')
  const detail = columns.length === 0 ? text : `${names}: ${text}`
  return new Refusal('ROW_REFUSED', detail, { fields: Object.fromEntries(columns.map((name) => [name, text])) })
}

/** PostgreSQL does not say which value it could not read, so each is read once more alone. */
async function refusedValues(
  { tenancy, table, values = [] }: Attempt,
  { code, message }: ServerError,
): Promise<Record<string, string>> {
  if (table === undefined || values.length === 0) return {}
  if (code === '22001')
    return Object.fromEntries(values.filter(isTooLong).map(({ column }) => [column.name, `It is too long for ${column.type}.`]))
  return reading(tenancy, table.place, async (client) => {
    const fields = new Map<string, string>()
    for (const { column, value } of values) {
      const parameters = new Parameters()
      await client.query('savepoint trying')
      try {
        await readRows(client, `select ${parameters.add(value, column.type)} as value`, parameters.values)
        await client.query('release savepoint trying')
      } catch (error) {
        await client.query('rollback to savepoint trying')
        fields.set(column.name, sentence(serverErrorOf(error)?.message ?? message))
      }
    }
    return Object.fromEntries(fields)
  })
}

function isTooLong({ column, value }: TypedValue): boolean {
  const [, most] = /^(?:character varying|character|bit|bit varying)\((\d+)\)/.exec(column.type) ?? []
  return most !== undefined && [...value].length > Number(most)
}

function sentence(message: string): string {
  const short = message.length > 300 ? `${message.slice(0, 300)}…` : message
  return `${short.charAt(0).toUpperCase()}${short.slice(1)}.`
}
