/**
 * The server's table of locks. A transaction locks each object that it creates until its end, and the table has room for
 * `max_locks_per_transaction` locks for each connection, for all of them together. When it is full, statements fail, also those of requests.
 */
import { TenancyError, type ErrorDetails } from '../../errors.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'

/** The table was full, or the server had no memory: time may help, and so may fewer schemas at a time. */
export function isOutOfMemory(error: unknown): boolean {
  return sqlStateOf(error) === '53200'
}

/**
 * About how many locks a transaction with these migrations takes: a table brings its TOAST table with an index, mostly a primary key, and
 * perhaps a sequence. Code is not counted.
 */
export function locksFor(migrations: readonly Migration[]): number {
  let locks = 0
  for (const { up } of migrations) {
    if (up.kind === 'code') continue
    locks += 4 * count(up.text, tables) + count(up.text, others)
  }
  return locks
}

const tables = /\bcreate\s+(?:unlogged\s+)?table\b/gi
const others =
  /\bcreate\s+(?:unique\s+)?(?:index|view|sequence|type|materialized)\b|\b(?:primary\s+key|unique|identity|(?:small|big)?serial)\b/gi

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}

/** The error for a reader, who can change the settings of the server. One query. */
export async function explainOutOfMemory(queryable: Queryable, schema: string, error: unknown): Promise<TenancyError> {
  const { rows } = await queryable.query<{ value: string }>(maxLocksSql())
  return new TenancyError(
    'MIGRATION_FAILED',
    `The server had no room for the locks, or no memory, to migrate the schema ${JSON.stringify(schema)} (SQLSTATE 53200); its transaction was rolled ` +
      `back. A transaction locks every object that it creates, and max_locks_per_transaction is ${rows[0]!.value}. Nothing is wrong with the file: ` +
      `migrate fewer schemas at a time ("concurrency"), or raise max_locks_per_transaction and restart the server.${hintOf(error)}`,
    { details: { ...detailsOf(error), schema, sqlState: '53200' }, cause: error },
  )
}

function detailsOf(error: unknown): Partial<ErrorDetails['MIGRATION_FAILED']> {
  return error instanceof TenancyError ? (error.details as Partial<ErrorDetails['MIGRATION_FAILED']>) : {}
}

/** PostgreSQL's hint names a setting, and no data. */
function hintOf(error: unknown): string {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const { hint } = inner as { hint?: unknown }
    if (typeof hint === 'string' && hint.includes('max_locks_per_transaction')) return ` PostgreSQL: ${hint}`
  }
  return ''
}

function maxLocksSql(): Statement {
  return { text: `select pg_catalog.current_setting('max_locks_per_transaction') as value` }
}
