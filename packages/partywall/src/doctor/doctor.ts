/**
 * `tenancy.doctor()`: looks at a live database, and says what is not as it should be, with how to fix it. Each examination is tried for itself: what one
 * may not read, or where it fails, is a finding, and the others go on. What was not examined is never reported as sound.
 */
import { needsRoles } from '../config/boundary-option.ts'
import { tenancyErrorOf } from '../errors.ts'
import type { Finding, FindingId } from '../findings.ts'
import { sqlStateOf } from '../sql/sqlstate.ts'
import type { Context, Examination } from './context/examination.ts'
import { examinations } from './examinations.ts'
import { failureOf, nameOf, notExamined, type Failure } from './not-examined.ts'
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
  /** `failed`: it could not be examined. A finding says so, one for all that failed for the same reason. `left out`: it does not apply here; `why` says the reason. */
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
  const failed = results.flatMap(({ entry: { id, title }, failure }) => (failure === undefined ? [] : [{ id, title, failure }]))
  const findings = [...results.flatMap(({ found }) => found), ...notExamined(failed)]
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
  readonly failure?: Failure
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
    return { entry: entry('failed'), found: [], failure: failureOf(error, examination, context) }
  }
}

function whyLeftOut({ needs }: Examination, { facts, options: { boundary } }: Context): string | undefined {
  if (needs === undefined) return undefined
  if (!facts.hasCatalog) return 'the catalog is not installed'
  if (needs === 'current catalog' && !facts.isCatalogCurrent) return 'the catalog is not in the version that this partywall knows'
  if (needs !== 'roles' || facts.hasRoles || needsRoles(boundary)) return undefined
  return "every tenant has the boundary 'path', and there are no roles of tenants"
}

/** The first examination is about the connection itself. */
function unreachable({ id, title }: Examination, problem: unknown, isFirst: boolean): Result {
  const why = 'the server could not be asked'
  if (!isFirst) return { entry: { id, title, state: 'left out', why, durationMs: 0 }, found: [] }
  const seen = tenancyErrorOf(problem)?.summary ?? `${why} (${sqlStateOf(problem) ?? nameOf(problem)}).`
  const finding = { id, title, severity: 'error', seen, fix: 'Correct the option "database", or start the server.' } as const
  return { entry: { id, title, state: 'failed', durationMs: 0 }, found: [finding] }
}
