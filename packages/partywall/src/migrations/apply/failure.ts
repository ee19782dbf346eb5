/** A failed migration in words that lead to the line: which file, which schema, where, and what PostgreSQL said. */
import { sqlStateOf } from '../../sql/sqlstate.ts'
import { isTenancyError, TenancyError } from '../../errors.ts'
import type { Place } from './text.ts'

/** The MIGRATION_FAILED for what a migration threw, which becomes its cause. */
export function migrationFailed(schema: string, { migration, line, statement }: Place, error: unknown): TenancyError {
  const { name, file } = migration
  const state = sqlStateOf(error)
  const kept =
    migration.transaction === false
      ? 'What was done of it is written down; the next run goes on there.'
      : 'Nothing of this run was kept in this schema.'
  return new TenancyError(
    'MIGRATION_FAILED',
    `The migration ${file} failed in the schema ${JSON.stringify(schema)}${line === undefined ? '' : `, line ${line}`}: ` +
      `${said(error, state, statement)} ${kept} Mend the file or the data and run again.`,
    { details: { schema, name, file, line, statement, sqlState: state }, cause: error },
  )
}

/**
 * What PostgreSQL says about names, types and syntax repeats the file. What it says about data (class 22 and others) repeats the
 * data, and a message may end in a log or before a stranger: that stays in the cause.
 */
function said(error: unknown, state: string | undefined, statement: string | undefined): string {
  // SET TRANSACTION has the same state, and comes too late wherever it stands.
  if (state === activeTransaction && !/^set\b/i.test(statement ?? '')) {
    return `it cannot run inside a transaction (SQLSTATE ${state}): put it into a SQL file of its own that has the line \`-- partywall: no-transaction\`.`
  }
  if (isTenancyError(error)) return error.summary
  if (state === undefined) return `${error instanceof Error ? error.name : 'an error'} (see the cause).`
  return /^(?:42|3F|0A|2B)/.test(state)
    ? `${(error as Error).message} (SQLSTATE ${state}).`
    : `SQLSTATE ${state} (see the cause).`
}

const activeTransaction = '25001'
