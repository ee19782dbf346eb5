/** What could not be examined is a finding, never silence. Examinations that failed for the same reason are one finding, which names them all. */
import { tenancyErrorOf } from '../errors.ts'
import type { Finding, FindingId } from '../findings.ts'
import { sqlState, sqlStateOf } from '../sql/sqlstate.ts'
import type { Context, Examination, Observation } from './context/examination.ts'
import { statementTimeoutMs } from './context/timed.ts'

/** Why an examination failed. */
export interface Failure extends Omit<Observation, 'seen'> {
  /** Why, as a part of a sentence. */
  readonly why: string
}

/** It names no values: a message of PostgreSQL may hold some, so only that of a missing right is repeated. */
export function failureOf(error: unknown, { needs }: Examination, { facts }: Context): Failure {
  const state = sqlStateOf(error)
  // That a boundary holds is not known then.
  const severity = needs === 'roles' ? 'error' : 'warning'
  if (state === sqlState.insufficientPrivilege) {
    const who = `the role ${JSON.stringify(facts.deploy)}`
    return {
      severity,
      why: `${innermost(error)} (the doctor reads as ${who})`,
      fix: `Let ${who} read it, or run the doctor with another role in the option "database.deploy".`,
    }
  }
  if (state === timedOut || state === lockNotAvailable) {
    return {
      severity,
      why: `a statement took longer than ${statementTimeoutMs} ms, or waited for a lock`,
      fix: 'Run the doctor again when the server has less to do. If that does not help, analyze the tables of pg_catalog.',
    }
  }
  const refusal = tenancyErrorOf(error)
  const why =
    refusal !== undefined ? refusal.summary.replace(/\.$/, '') : state === undefined ? nameOf(error) : `SQLSTATE ${state}`
  return { severity, why, fix: 'See the message; then run the doctor again.' }
}

export interface Failed {
  readonly id: FindingId
  readonly title: string
  readonly failure: Failure
}

/** One finding for each reason, with the id and the title of the first examination. */
export function notExamined(failed: readonly Failed[]): Finding[] {
  const byReason = Map.groupBy(failed, ({ failure: { severity, why, fix } }) => JSON.stringify([severity, why, fix]))
  return [...byReason.values()].map(([first, ...others]) => {
    const { id, title, failure } = first!
    const { why, ...more } = failure
    const also = others.length === 0 ? '' : ` The same holds for ${others.map((other) => other.id).join(', ')}.`
    return { id, title, ...more, seen: `It could not be examined: ${why}.${also}` }
  })
}

const timedOut = '57014'
const lockNotAvailable = '55P03'

function innermost(error: unknown): string {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  return inner instanceof Error ? inner.message : 'permission denied'
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? `the examination failed with ${error.name}` : 'the examination failed'
}
