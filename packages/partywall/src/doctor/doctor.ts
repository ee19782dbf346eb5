/**
 * `tenancy.doctor()`: looks at a live database, and says what is not as it should be, with how to fix it. Each examination is tried for itself: what one
 * may not read, or where it fails, is a finding of its own, and the others go on. What was not examined is never reported as sound.
 */
import { tenancyErrorOf } from '../errors.ts'
import type { Finding, FindingId } from '../findings.ts'
import { sqlState, sqlStateOf } from '../sql/sqlstate.ts'
import type { Context, Examination, Observation } from './context/examination.ts'
import { statementTimeoutMs } from './context/timed.ts'
import { examinations } from './examinations.ts'
import { openContext, sideBySide, type DoctorParts } from './open-context.ts'

/** What the doctor saw. */
export interface DoctorReport {
  /** No finding is an error. */
  readonly ok: boolean
  /** Errors first, then warnings, then information. */
  readonly findings: readonly Finding[]
  readonly examinations: readonly ExaminationEntry[]
  readonly durationMs: number
}

/** One examination of a report. */
export interface ExaminationEntry {
  readonly id: FindingId
  readonly title: string
  /** `failed`: it could not be examined, which is a finding, too. `left out`: it does not apply here; `why` says the reason. */
  readonly state: 'done' | 'failed' | 'left out'
  readonly why?: string
  readonly durationMs: number
}

/** @param all which examinations; tests give others */
export async function examine(parts: DoctorParts, all: readonly Examination[] = examinations): Promise<DoctorReport> {
  const started = performance.now()
  const results = await openContext(parts, async (opening) => {
    if ('problem' in opening) return all.map((examination, index) => unreachable(examination, opening.problem, index === 0))
    const entries: Result[] = []
    const waiting = all.entries()
    const work = async (): Promise<void> => {
      for (const [index, examination] of waiting) entries[index] = await result(examination, opening.context)
    }
    await Promise.all(Array.from({ length: sideBySide }, work))
    return entries
  })
  const findings = results.flatMap(({ found }) => found)
  return {
    ok: !findings.some(({ severity }) => severity === 'error'),
    findings: severities.flatMap((severity) => findings.filter((finding) => finding.severity === severity)),
    examinations: results.map(({ entry }) => entry),
    durationMs: performance.now() - started,
  }
}

const severities = ['error', 'warning', 'info'] as const

interface Result {
  readonly entry: ExaminationEntry
  readonly found: readonly Finding[]
}

async function result(examination: Examination, context: Context): Promise<Result> {
  const { id, title } = examination
  const why = whyLeftOut(examination, context)
  if (why !== undefined) return { entry: { id, title, state: 'left out', why, durationMs: 0 }, found: [] }
  const started = performance.now()
  const entry = (state: 'done' | 'failed'): ExaminationEntry => ({ id, title, state, durationMs: performance.now() - started })
  try {
    const found = (await examination.run(context)).map((observation) => ({ id, title, ...observation }))
    return { entry: entry('done'), found }
  } catch (error) {
    return { entry: entry('failed'), found: [{ id, title, ...notExamined(error, examination, context) }] }
  }
}

function whyLeftOut({ needs }: Examination, { facts, options: { boundary } }: Context): string | undefined {
  if (needs === undefined) return undefined
  if (!facts.hasCatalog) return 'the catalog is not installed'
  if (needs === 'current catalog' && !facts.isCatalogCurrent) return 'the catalog is not in the version that this partywall knows'
  if (needs !== 'roles' || facts.hasRoles) return undefined
  const isPath = [boundary.default, ...Object.values(boundary.kinds), ...Object.values(boundary.tenants)].every(
    (one) => one === 'path',
  )
  return isPath ? "every tenant has the boundary 'path', and there are no roles of tenants" : undefined
}

/** Its message names no values: that of PostgreSQL may hold some, so only that of a missing right is repeated. */
function notExamined(error: unknown, { needs }: Examination, { facts }: Context): Observation {
  const state = sqlStateOf(error)
  // That a boundary holds is not known then.
  const severity = needs === 'roles' ? 'error' : 'warning'
  if (state === sqlState.insufficientPrivilege) {
    const who = `the role ${JSON.stringify(facts.deploy)}`
    return {
      severity,
      seen: `It could not be examined: ${innermost(error)} (the doctor reads as ${who}).`,
      fix: `Let ${who} read it, or run the doctor with another role in the option "database.deploy".`,
    }
  }
  if (state === timedOut || state === lockNotAvailable) {
    return {
      severity,
      seen: `It could not be examined: a statement took longer than ${statementTimeoutMs} ms, or waited for a lock.`,
      fix: 'Run the doctor again when the server has less to do. If that does not help, analyze the tables of pg_catalog.',
    }
  }
  const refusal = tenancyErrorOf(error)
  const what = refusal !== undefined ? refusal.summary : state === undefined ? nameOf(error) : `SQLSTATE ${state}`
  return {
    severity,
    seen: `It could not be examined: ${what}.`.replace('..', '.'),
    fix: 'See the message; then run the doctor again.',
  }
}

const timedOut = '57014'
const lockNotAvailable = '55P03'

function innermost(error: unknown): string {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  return inner instanceof Error ? inner.message : 'permission denied'
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `the examination failed with ${error.name}` : 'the examination failed'
}

/** The first examination is about the connection itself. */
function unreachable({ id, title }: Examination, problem: unknown, isFirst: boolean): Result {
  const why = 'the server could not be asked'
  if (!isFirst) return { entry: { id, title, state: 'left out', why, durationMs: 0 }, found: [] }
  const seen = tenancyErrorOf(problem)?.summary ?? `${why} (${sqlStateOf(problem) ?? nameOf(problem)}).`
  const finding = { id, title, severity: 'error', seen, fix: 'Correct the option "database", or start the server.' } as const
  return { entry: { id, title, state: 'failed', durationMs: 0 }, found: [finding] }
}
