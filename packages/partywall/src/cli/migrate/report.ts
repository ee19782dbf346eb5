/**
 * What a person reads when migrations have run: how many schemas succeeded. When some did not, the last line is enough to continue: the
 * schemas that failed, the statement, its file and line, and the command that finishes the rest.
 */
import { sqlStateOf } from '../../sql/sqlstate.ts'
import { tenancyErrorOf } from '../../errors.ts'
import type { MigrationReport } from '../../types.ts'
import { formatDuration } from '../terminal/duration.ts'
import { messageOf } from '../terminal/failure.ts'
import { listed, printable, shortPath } from '../terminal/printable.ts'
import type { RunWords } from './progress-lines.ts'

/** @param resume the command that finishes the rest */
export function renderReport(report: MigrationReport, words: RunWords, resume: string): string {
  return [counts(report, words), ...ahead(report), ...causes(report), ...lastLine(report, resume)].join('\n')
}

/** `2 of 4 migrated, 1 up to date, 1 failed (340 ms)` */
function counts({ entries, durationMs }: MigrationReport, { done, idle }: RunWords): string {
  const total = entries.length
  const count = { done: 0, idle: 0, failed: 0, skipped: 0 }
  for (const { state, applied } of entries) count[state === 'done' && applied.length === 0 ? 'idle' : state] += 1
  const parts =
    count.idle === total
      ? [`${total} of ${total} ${idle}`]
      : [
          `${count.done} of ${total} ${done}`,
          ...(count.idle > 0 ? [`${count.idle} ${idle}`] : []),
          ...(count.failed > 0 ? [`${count.failed} failed`] : []),
          ...(count.skipped > 0 ? [`${count.skipped} skipped`] : []),
        ]
  return `${parts.join(', ')} (${formatDuration(durationMs)})`
}

/** Schemas that a newer deploy has migrated. */
function ahead({ entries }: MigrationReport): string[] {
  const schemas = entries.filter((entry) => entry.ahead !== undefined)
  if (schemas.length === 0) return []
  const names = [...new Set(schemas.flatMap((entry) => entry.ahead!))]
  return [
    `ahead of these files: ${listed(
      schemas.map(({ target }) => target),
      namesShown,
    )}; a newer deploy applied ${listed(names.map(printable), 3)}`,
  ]
}

/** The different failures, each with its count, when there is more than one. */
function causes({ entries }: MigrationReport): string[] {
  const failed = entries.filter(({ state }) => state === 'failed')
  const kinds = Object.entries(Object.groupBy(failed, ({ error }) => placeOf(error) ?? codeOf(error)))
  if (kinds.length < 2) return []
  const rows = kinds
    .map(([kind, of]) => ({ kind, count: of!.length }))
    .toSorted((a, b) => b.count - a.count)
    .slice(0, causesShown)
    .map(({ kind, count }) => `${String(count).padStart(6)}  ${kind}`)
  return kinds.length > causesShown ? [...rows, `        and ${kinds.length - causesShown} other causes`] : rows
}

function lastLine({ ok, entries, aborted }: MigrationReport, resume: string): string[] {
  if (ok) return []
  const failed = entries.filter(({ state }) => state === 'failed')
  const [first] = failed
  if (first === undefined) {
    const count = entries.filter(({ state }) => state === 'skipped').length
    const why = aborted === true ? 'the run was interrupted' : 'the deadline passed'
    return [`Skipped because ${why}: ${count}. Finish with: ${resume}`]
  }
  const names = listed(
    failed.map(({ target }) => target),
    namesShown,
  )
  const which = failed.length > 1 ? `; first ${printable(first.target)}` : ''
  return [
    `Failed: ${names}${which}: ${placeOf(first.error) ?? wordsFor(first.error)}. Fix the cause, then finish with: ${resume}`,
  ]
}

/** `alter table polls add unique (title) at migrations/tenant/0002_unique.sql:1, SQLSTATE 23505`, without the parts that are unknown. */
function placeOf(error: unknown): string | undefined {
  const { file, line, statement } = (tenancyErrorOf(error)?.details ?? {}) as Place
  if (file === undefined) return undefined
  const state = sqlStateOf(error)
  return [
    statement === undefined ? codeOf(error) : printable(shortened(statement)),
    ` at ${printable(shortPath(file))}`,
    line === undefined ? '' : `:${line}`,
    state === undefined ? '' : `, SQLSTATE ${state}`,
  ].join('')
}

function codeOf(error: unknown): string {
  const state = sqlStateOf(error)
  return tenancyErrorOf(error)?.code ?? (state === undefined ? 'an error' : `SQLSTATE ${state}`)
}

function wordsFor(error: unknown): string {
  return printable(`${codeOf(error)}, ${messageOf(error).replace(/[.]$/, '')}`)
}

interface Place {
  readonly file?: string
  readonly line?: number
  readonly statement?: string
}

function shortened(statement: string): string {
  return statement.length > 100 ? `${statement.slice(0, 99)}…` : statement
}

const namesShown = 10
const causesShown = 10
