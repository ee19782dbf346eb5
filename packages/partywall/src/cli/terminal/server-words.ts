/**
 * What an error of PostgreSQL says besides its message. DETAIL may hold rows, so it is shown only for SQL that the caller has typed, on the
 * terminal where the rows would have been shown, too; never for a migration.
 */
import { tenancyErrorOf } from '../../errors.ts'
import { printable } from './printable.ts'

export interface ServerWords {
  /** The SQLSTATE. */
  readonly sqlState?: string
  readonly hint?: string
  readonly detail?: string
  /** The line of the SQL that the caller has typed. */
  readonly line?: number
}

const ownSql = new WeakMap<object, string>()

/** The error came from SQL that the caller has typed. */
export function markOwnSql(error: unknown, sql: string): void {
  if (typeof error === 'object' && error !== null) ownSql.set(error, sql)
}

export function serverWords(error: unknown): ServerWords {
  const found = serverErrorBehind(error)
  if (found === undefined) return {}
  const { code, hint, detail, position } = found
  const sql = ownSql.get(found)
  return {
    sqlState: code,
    // A hint on names, types and syntax repeats no rows; that of a function may.
    ...(hint !== undefined && (sql !== undefined || /^(?:42|3F|0A)/.test(code)) && { hint }),
    ...(sql !== undefined && detail !== undefined && { detail }),
    ...(sql !== undefined && position !== undefined && sql.trim().includes('\n') && { line: lineAt(sql, Number(position)) }),
  }
}

/** A line for each part that the message does not hold, for people. */
export function serverLines({ sqlState, hint, detail, line }: ServerWords, message: string): string[] {
  return Object.entries({ SQLSTATE: sqlState, line, detail, hint }).flatMap(([name, value]) =>
    value === undefined || message.includes(`${name} ${value}`) ? [] : [`  ${name}: ${printable(String(value))}`],
  )
}

interface ServerError {
  readonly code: string
  readonly hint?: string
  readonly detail?: string
  readonly position?: string
}

/** An error of PostgreSQL has a code of five characters; its severity tells it from other errors with a code. */
function serverErrorBehind(error: unknown): ServerError | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { code, severity } = error as { code?: unknown; severity?: unknown }
  if (typeof code === 'string' && typeof severity === 'string') return error as ServerError
  return serverErrorBehind(tenancyErrorOf(error)?.cause)
}

function lineAt(sql: string, position: number): number {
  return sql.slice(0, position - 1).split('\n').length
}
