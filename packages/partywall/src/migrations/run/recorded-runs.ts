/** The runs that the catalog has recorded: the last hundred, of every process. */
import { runEntriesSql, runsSql, type EntryRow, type RunRow } from '../../catalog/runs/recorded-runs-sql.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { seen } from '../../seen.ts'
import type { Queryable } from '../../sql/statement.ts'
import { assertWholeNumber } from '../../whole-number.ts'

/** A run as the catalog has recorded it. Frozen. */
export interface RecordedRun {
  readonly id: string
  /** `running`: it was begun and has not ended. Where its process is gone, it was killed, and `resume` finishes it. */
  readonly state: 'running' | 'done' | 'failed'
  readonly work: 'run' | 'down' | 'redo' | 'reset' | 'fake'
  /** The last migration to apply, or to keep. Absent: all of them, or none. */
  readonly to?: string
  /** Who began it, or went on with it, and from where: host, process and program. Absent for a run of a version that did not record it. */
  readonly by?: { readonly actor: string; readonly origin: string }
  readonly startedAt: Date
  readonly endedAt?: Date
  /** When the last result was recorded. */
  readonly activeAt?: Date
  /** No run began after it: only such a run can be resumed. */
  readonly isLast: boolean
  /** How many schemas are in which state. `pending`: not begun, or at work. */
  readonly counts: Readonly<Record<RecordedState, number>>
}

export type RecordedState = 'pending' | 'done' | 'failed' | 'skipped'

/** One schema of a recorded run. Frozen. */
export interface RecordedEntry {
  /** The schema of a tenant when the run began, or `shared`; or what `MigrationEntry` calls a template. */
  readonly target: string
  readonly tenantId?: string
  readonly state: RecordedState
  readonly applied: readonly string[]
  /** Without rows and values. */
  readonly error?: RecordedError
  readonly durationMs?: number
  readonly endedAt?: Date
}

export interface RecordedError {
  /** The code of a TenancyError, such as MIGRATION_FAILED. */
  readonly code?: string
  readonly message?: string
  /** The kind of an error that is no TenancyError. */
  readonly name?: string
  readonly sqlState?: string
  readonly file?: string
  readonly line?: number
  readonly statement?: string
}

export interface RecordedRunsOptions {
  /** 1 to 100. @default 20 */
  readonly limit?: number | undefined
  /** Only this run. */
  readonly id?: string | undefined
}

export interface RecordedEntriesOptions {
  /** Only schemas in one of these states. @default every state */
  readonly states?: readonly RecordedState[] | undefined
  /** The `target` of the last entry of the page before. */
  readonly after?: string | undefined
  /** 1 to 1000. @default 100 */
  readonly limit?: number | undefined
}

const states: readonly string[] = ['pending', 'done', 'failed', 'skipped']

/** tenancy.migrations.runs */
export async function readRuns(catalog: Queryable, options: RecordedRunsOptions): Promise<RecordedRun[]> {
  assertKnownKeys('migrations.runs', options, ['limit', 'id'])
  const { limit = 20, id } = options
  assertWholeNumber('INVALID_ARGUMENT', '"limit" of migrations.runs', 'limit', limit, { least: 1, most: 100 })
  if (id !== undefined) assertId('migrations.runs', id)
  const { rows } = await catalog.query<RunRow>(runsSql(limit, id))
  return rows.map(runOf)
}

/** tenancy.migrations.entries */
export async function readEntries(catalog: Queryable, id: string, options: RecordedEntriesOptions): Promise<RecordedEntry[]> {
  assertKnownKeys('migrations.entries', options, ['states', 'after', 'limit'])
  const { states: wanted, after, limit = 100 } = options
  assertId('migrations.entries', id)
  assertWholeNumber('INVALID_ARGUMENT', '"limit" of migrations.entries', 'limit', limit, { least: 1, most: 1000 })
  if (wanted !== undefined && (!Array.isArray(wanted) || wanted.some((state) => !states.includes(state))))
    throw invalid('migrations.entries', 'states', `a list of ${states.join(', ')}`, wanted)
  if (after !== undefined && (typeof after !== 'string' || after.includes('\0')))
    throw invalid('migrations.entries', 'after', 'the target of an entry', after)
  const { rows } = await catalog.query<EntryRow>(runEntriesSql(id, { states: wanted, after, limit }))
  return rows.map(entryOf)
}

function runOf(row: RunRow): RecordedRun {
  const { direction, to, again, fake, by } = JSON.parse(row.options) as {
    readonly direction?: string
    readonly to?: string
    readonly again?: string
    readonly fake?: boolean
    readonly by?: { readonly actor: string; readonly origin: string }
  }
  const work =
    again === 'last' ? 'redo' : again === 'all' ? 'reset' : fake === true ? 'fake' : direction === 'down' ? 'down' : 'run'
  return Object.freeze({
    id: row.id,
    state: row.state as RecordedRun['state'],
    work,
    ...(to !== undefined && { to }),
    ...(by !== undefined && { by: Object.freeze(by) }),
    startedAt: timeOf(row.started_at),
    ...(row.ended_at !== null && { endedAt: timeOf(row.ended_at) }),
    ...(row.active_at !== null && { activeAt: timeOf(row.active_at) }),
    isLast: row.is_last === 'true',
    counts: Object.freeze({
      pending: Number(row.pending),
      done: Number(row.done),
      failed: Number(row.failed),
      skipped: Number(row.skipped),
    }),
  })
}

function entryOf(row: EntryRow): RecordedEntry {
  return Object.freeze({
    target: row.target,
    ...(row.tenant_id !== null && { tenantId: row.tenant_id }),
    state: row.state as RecordedState,
    applied: JSON.parse(row.applied) as string[],
    ...(row.error !== null && { error: JSON.parse(row.error) as RecordedError }),
    ...(row.duration_ms !== null && { durationMs: Number(row.duration_ms) }),
    ...(row.ended_at !== null && { endedAt: timeOf(row.ended_at) }),
  })
}

function timeOf(epochMs: string): Date {
  return new Date(Number(epochMs))
}

function assertId(what: string, id: unknown): void {
  if (typeof id !== 'string' || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))
    throw invalid(what, 'id', 'the id of a run', id)
}

function invalid(what: string, option: string, allowed: string, value: unknown): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of ${what} must be ${allowed}; it is ${seen(value)}.`, {
    details: { what, option },
  })
}
