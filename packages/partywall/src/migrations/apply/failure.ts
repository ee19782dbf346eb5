/** The error of a migration that failed: which file, which schema, which line, and what PostgreSQL reported. */
import { sqlStateOf } from '../../sql/sqlstate.ts'
import { TenancyError, tenancyErrorOf } from '../../errors.ts'
import { innerError } from '../../inner-error.ts'
import { isOutOfMemory } from './lock-table.ts'
import { refusedInMigration } from './refused.ts'
import type { Place } from './transaction-text.ts'

/** The MIGRATION_FAILED for what a migration threw. What it threw is the cause. */
export function migrationFailed(
  schema: string,
  { migration, line, statement, isOutside = false }: Place,
  error: unknown,
): TenancyError {
  const { name, file } = migration
  // Some libraries put an error of their own around the one of PostgreSQL.
  const state = sqlStateOf(innerError(error, (inner) => (sqlStateOf(inner) === undefined ? undefined : inner)) ?? error)
  const kept = isOutside
    ? 'The statements that are done are recorded; the next run continues after them.'
    : 'Its transaction was rolled back, so nothing of it was kept in this schema.'
  return new TenancyError(
    'MIGRATION_FAILED',
    `The migration ${file} failed in the schema ${JSON.stringify(schema)}${line === undefined ? '' : `, line ${line}`}: ` +
      `${report(error, state, statement)} ${kept} ${isOutOfMemory(error) ? 'The server had no room for its locks, or no memory.' : 'Fix the file or the data, and run again.'}`,
    { details: { schema, name, file, line, statement, sqlState: state }, cause: error },
  )
}

/**
 * A message of PostgreSQL about names, types and syntax repeats the file. One about data (class 22 and others) repeats the data, and the
 * message of an error may reach a log or a client: so that one stays in the cause.
 */
function report(error: unknown, state: string | undefined, statement: string | undefined): string {
  // SET TRANSACTION fails with the same SQLSTATE, because it comes too late; a file of its own would not help.
  if (state === activeTransaction && !/^set\b/i.test(statement ?? '')) {
    return `it cannot run inside a transaction (SQLSTATE ${state}): move it to a SQL file of its own that has the line \`-- partywall: no-transaction\`.`
  }
  if (state !== undefined && hints[state] !== undefined) return `${hints[state]} (SQLSTATE ${state}).`
  const refusal = tenancyErrorOf(error)
  if (refusal !== undefined) return refusedInMigration(refusal, state, statement)
  if (state === undefined) return `${error instanceof Error ? error.name : 'an error'} (see the cause).`
  return /^(?:42|3F|0A|2B)/.test(state)
    ? `${(error as Error).message} (SQLSTATE ${state}).`
    : `SQLSTATE ${state} (see the cause).`
}

const activeTransaction = '25001'

/** What PostgreSQL's own message does not say to the author of a file. */
const hints: Readonly<Record<string, string>> = {
  // invalid_transaction_termination
  '2D000':
    'it ends its transaction, and it runs in one of partywall: in a new tenant every file does, elsewhere those without the line ' +
    '`-- partywall: no-transaction`',
  // unsafe_new_enum_value_usage
  '55P04':
    'it uses a value of an enum that was added in the same transaction, which PostgreSQL refuses. A new tenant is made in one transaction: there, ' +
    'PostgreSQL 17 and newer allow it for a type that was made in it, too. Add the value where the type is created, in plain SQL',
}
