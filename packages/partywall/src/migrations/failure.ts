/** A failed migration in words that lead to the line: which file, which schema, where, and what PostgreSQL said. */
import { sqlStateOf } from '../database/sqlstate.ts'
import { isTenancyError, TenancyError } from '../errors.ts'
import type { Migration, Step } from './source.ts'

/** The MIGRATION_FAILED for what a step threw, which becomes its cause. */
export function migrationFailed(schema: string, { name, file }: Migration, step: Step, error: unknown): TenancyError {
  const state = sqlStateOf(error)
  const line = step.kind === 'sql' ? lineOf(step.text, step.line, error) : undefined
  return new TenancyError(
    'MIGRATION_FAILED',
    `The migration ${file} failed in the schema ${JSON.stringify(schema)}${line === undefined ? '' : `, line ${line}`}: ` +
      `${said(error, state)} Nothing of this run was kept in this schema. Mend the file and run again.`,
    { details: { schema, name, file, line, sqlState: state }, cause: error },
  )
}

/**
 * What PostgreSQL says about names, types and syntax repeats the file. What it says about data (class 22 and others) repeats the
 * data, and a message may end in a log or before a stranger: that stays in the cause.
 */
function said(error: unknown, state: string | undefined): string {
  if (isTenancyError(error)) return error.message
  if (state === undefined) return `${error instanceof Error ? error.name : 'an error'} (see the cause).`
  return /^(?:42|3F|0A|2B)/.test(state)
    ? `${(error as Error).message} (SQLSTATE ${state}).`
    : `SQLSTATE ${state} (see the cause).`
}

/** PostgreSQL counts characters from 1; JavaScript counts the letters beyond the first 65536 twice. */
function lineOf(text: string, firstLine: number, error: unknown): number | undefined {
  const position = Number((error as { position?: unknown } | null)?.position)
  if (!Number.isSafeInteger(position) || position < 1) return undefined
  const letters = [...text]
  // A position outside of the text belongs to another one: no line is better than a wrong one.
  if (position > letters.length + 1) return undefined
  const before = letters.slice(0, position - 1)
  return firstLine + before.filter((letter) => letter === '\n').length
}
