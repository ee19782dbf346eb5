/**
 * Adds to a tenant what is missing, statement by statement, under the lock that migrations take there. A statement that fails does not end the work:
 * the tenant is compared again afterwards, and the report says what is left.
 */
import type { Repair } from '../../blueprint/repair/repair.ts'
import { isTenancyError, tenancyErrorOf } from '../../errors.ts'
import { guardSession, historyChangedMark, lockedMark } from '../../migrations/apply/guards.ts'
import { identifier } from '../../names/identifier.ts'
import type { Connections } from '../../ports/database.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { FixResult } from './drift-report.ts'

export interface FixPlace {
  readonly connections: Connections
  readonly schema: string
  /** Of the history that the repairs were found for: after a migration they are not those of the tenant any more. */
  readonly digest: string
  readonly lockTimeoutMs: number
}

export async function fix(place: FixPlace, repairs: readonly Repair[]): Promise<FixResult> {
  const statements = repairs.flatMap(({ isAdditive, statement, undo }) =>
    isAdditive && statement !== null ? [{ statement, undo }] : [],
  )
  if (statements.length === 0) return { done: [], failed: [] }
  const result = { done: [] as string[], failed: [] as FixResult['failed'][number][] }
  try {
    await place.connections.session(place.schema, async (session) => {
      await prepare(session, place)
      for (const { statement, undo } of statements) {
        try {
          await session.query({ text: statement })
          result.done.push(statement)
        } catch (error) {
          result.failed.push({ statement, reason: reasonOf(error) })
          if (undo !== undefined) await session.query({ text: undo }).catch(() => {})
        }
      }
    })
  } catch (error) {
    const tried = result.done.length + result.failed.length
    for (const { statement } of statements.slice(tried)) result.failed.push({ statement, reason: reasonOf(error) })
  }
  return result
}

/** Locks the tenant against migrations, and lets names lead to its own schema alone: a table that it lacks must not be the shared one. */
async function prepare(session: Queryable, { schema, digest, lockTimeoutMs }: FixPlace): Promise<void> {
  await guardSession(session, { schema }, { hasHistory: true, digest, applied: [] }, { lockTimeoutMs })
  await session.query(pathSql(schema))
  // A body is not run here. It may need the shared schema, which the search path has when the tenant runs it.
  await session.query({ text: `select pg_catalog.set_config('check_function_bodies', 'off', false)` })
}

function pathSql(schema: string): Statement {
  return {
    text: `select pg_catalog.set_config('search_path', $1::text, false)`,
    values: [`${identifier(schema)}, pg_catalog, pg_temp`],
  }
}

/** Without the words of the server, which may hold values of rows. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  if (message.includes(lockedMark)) return 'The tenant is being migrated by another process.'
  if (message.includes(historyChangedMark)) return 'The tenant was migrated since it was compared.'
  if (isTenancyError(error)) return tenancyErrorOf(error)!.summary
  const state = sqlStateOf(error)
  if (state === undefined) return 'The connection failed.'
  return `${meanings[state] ?? 'The server refused it.'} (SQLSTATE ${state})`
}

const meanings: Readonly<Record<string, string>> = {
  '55P03': 'It waited too long for a lock.',
  '57014': 'It was cancelled, or took too long.',
  '23505': 'Some rows are duplicates.',
  '23502': 'Some rows have no value.',
  '23503': 'Some rows refer to rows that do not exist.',
  '23514': 'Some rows violate the check.',
  '42501': 'The role may not do it.',
  '42P01': 'It needs a table that is missing.',
  '42703': 'It needs a column that is missing.',
}
