/** What came of work on many schemas: one entry per target, whatever happened to the others. */
import { TenancyError } from './errors.ts'

export interface FleetEntry {
  /** The schema of a tenant, or 'shared' for the shared schema. */
  readonly target: string
  /** Absent for the shared schema. */
  readonly tenantId?: string
  /** `skipped`: not touched, because something before it failed. */
  readonly state: 'done' | 'failed' | 'skipped'
  /** Why it failed. */
  readonly error?: unknown
  readonly durationMs: number
}

export interface FleetReport<E extends FleetEntry = FleetEntry> {
  /** True when no target failed or was skipped. */
  readonly ok: boolean
  readonly entries: readonly E[]
  readonly durationMs: number
}

/** What became of one schema in a run of migrations. */
export interface MigrationEntry extends FleetEntry {
  /** Names of the migrations that were applied now (or undone, or written down), in order. */
  readonly applied: readonly string[]
  /** Something to know about it, e.g. that the tenant was deleted during the run. */
  readonly note?: string
}

export interface MigrationReport extends FleetReport<MigrationEntry> {
  /** Under which the run is recorded in the catalog; absent when there was nothing to do. */
  readonly runId?: string
}

export function makeReport<E extends FleetEntry>(entries: readonly E[], durationMs: number): FleetReport<E> {
  return Object.freeze({ ok: entries.every(({ state }) => state === 'done'), entries: Object.freeze([...entries]), durationMs })
}

/**
 * Passes a report in which everything is done.
 * @example assertFleetOk(await tenancy.migrations.run())
 * @throws TenancyError FLEET_FAILED naming the targets, with the first error as its cause and the report in its details;
 * the error itself when there was only one target
 */
export function assertFleetOk(report: FleetReport): void {
  const failed = report.entries.filter(({ state }) => state === 'failed')
  const first = failed[0]
  if (first === undefined) return
  if (report.entries.length === 1 && first.error instanceof Error) throw first.error
  const names = failed.slice(0, 5).map(({ target }) => target)
  const more = failed.length > names.length ? ` and ${failed.length - names.length} more` : ''
  const skipped = report.entries.filter(({ state }) => state === 'skipped').length
  throw new TenancyError(
    'FLEET_FAILED',
    `${failed.length} of ${report.entries.length} targets failed (${names.join(', ')}${more})` +
      `${skipped > 0 ? `, and ${skipped} were skipped` : ''}. The first: ${messageOf(first.error)}`,
    { details: { report }, cause: first.error },
  )
}

function messageOf(error: unknown): string {
  return error instanceof TenancyError ? error.message : 'see the cause.'
}
