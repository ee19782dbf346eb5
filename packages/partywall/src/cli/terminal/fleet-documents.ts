/** Reports on many schemas as JSON documents: an error becomes an ErrorDocument, an absent head becomes null. */
import type { FleetEntry, FleetReport, MigrationReport } from '../../types.ts'
import type { MigrationStatus } from '../../migrations/run/run.ts'
import { toDocument, type ErrorDocument } from './failure.ts'
import { listed } from './printable.ts'

export interface StatusDocument {
  readonly target: string
  readonly tenantId?: string
  readonly source?: string
  readonly head: string | null
  readonly applied: number
  readonly pending: readonly string[]
  readonly ahead: readonly string[]
  readonly shadowing?: readonly string[]
  readonly fallingThrough?: readonly string[]
  readonly problem?: ErrorDocument
}

export function statusDocument({ head = undefined, problem, ...status }: MigrationStatus): StatusDocument {
  return { ...status, head: head ?? null, ...(problem !== undefined && { problem: toDocument(problem) }) }
}

export function migrationDocument(report: MigrationReport): object {
  const document = reportDocument(report, ({ applied, note, ahead }) => ({
    applied,
    ...(note !== undefined && { note }),
    ...(ahead !== undefined && { ahead }),
  }))
  return {
    ...document,
    ...(report.runId !== undefined && { runId: report.runId }),
    ...(report.aborted === true && { aborted: true }),
  }
}

/** @param more what an entry has besides the members that all entries have */
export function reportDocument<E extends FleetEntry>(report: FleetReport<E>, more: (entry: E) => object): object {
  return {
    ok: report.ok,
    entries: report.entries.map((entry) => ({
      target: entry.target,
      ...(entry.tenantId !== undefined && { tenantId: entry.tenantId }),
      state: entry.state,
      ...more(entry),
      ...(entry.state === 'failed' && { error: toDocument(entry.error) }),
      durationMs: Math.round(entry.durationMs),
    })),
    durationMs: Math.round(report.durationMs),
  }
}

/** `3 of 5 done; 2 failed: acme, bolt` */
export function summary(report: FleetReport, done: string): string {
  const names = (state: FleetEntry['state']): string[] =>
    report.entries.filter((entry) => entry.state === state).map(({ target }) => target)
  const failed = names('failed')
  const skipped = names('skipped')
  return [
    `${names('done').length} of ${report.entries.length} ${done}`,
    ...(failed.length > 0 ? [`${failed.length} failed: ${listed(failed)}`] : []),
    ...(skipped.length > 0 ? [`${skipped.length} skipped: ${listed(skipped)}`] : []),
  ].join('; ')
}
