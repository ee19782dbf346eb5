/** The report of work on many schemas: one entry per target, also when others failed. */
import { TenancyError, tenancyErrorOf } from '../errors.ts'
import type { FleetEntry, FleetReport } from '../types.ts'

export function makeReport<E extends FleetEntry>(entries: readonly E[], durationMs: number): FleetReport<E> {
  return Object.freeze({ ok: entries.every(({ state }) => state === 'done'), entries: Object.freeze([...entries]), durationMs })
}

/**
 * Passes a report in which every target is done.
 * @example assertFleetOk(await tenancy.migrations.run())
 * @throws TenancyError FLEET_FAILED naming the targets, with the first error as its cause and the report in its details;
 * the error itself when there was only one target
 */
export function assertFleetOk(report: FleetReport): void {
  const { entries } = report
  const failed = entries.filter(({ state }) => state === 'failed')
  const skipped = entries.filter(({ state }) => state === 'skipped')
  const first = failed[0]
  if (first === undefined) {
    if (skipped.length > 0) throw onlySkipped(report, skipped)
    return
  }
  if (entries.length === 1 && first.error instanceof Error) throw first.error
  throw new TenancyError(
    'FLEET_FAILED',
    `${failed.length} of ${entries.length} targets failed (${namesOf(failed)})` +
      `${skipped.length > 0 ? `, and ${skipped.length} were skipped` : ''}. The first: ${messageOf(first.error)}`,
    { details: { report }, cause: first.error },
  )
}

/** Nothing failed, but not all is done: the deadline passed, or the work was aborted. */
function onlySkipped(report: FleetReport, skipped: readonly FleetEntry[]): TenancyError {
  return new TenancyError(
    'FLEET_FAILED',
    `${skipped.length} of ${report.entries.length} targets were skipped (${namesOf(skipped)}): the deadline passed, or the work was aborted. ` +
      'Run again: work that is done is not repeated.',
    { details: { report } },
  )
}

function namesOf(entries: readonly FleetEntry[]): string {
  const names = entries.slice(0, 5).map(({ target }) => target)
  return names.join(', ') + (entries.length > names.length ? ` and ${entries.length - names.length} more` : '')
}

function messageOf(error: unknown): string {
  return tenancyErrorOf(error)?.summary ?? 'see the cause.'
}
