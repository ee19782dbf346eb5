/** What a run of migrations tells of each schema, and how one schema stands. */
import { sqlStateOf } from '../../sql/sqlstate.ts'
import { isTenancyError, type ErrorDetails } from '../../errors.ts'
import type { MigrationEntry } from '../../types.ts'
import type { Planned } from '../plan/planned.ts'

export type { MigrationEntry, MigrationReport } from '../../types.ts'

/** How one schema stands. */
export interface MigrationStatus {
  /** The schema of a tenant, or 'shared' for the shared schema. */
  readonly target: string
  /** Absent for the shared schema. */
  readonly tenantId?: string
  /** Where its migrations come from; absent when that is not known. */
  readonly source?: string
  /** The last migration applied. */
  readonly head: string | undefined
  /** How many were applied. */
  readonly applied: number
  /** Names of those to come, in order. */
  readonly pending: readonly string[]
  /** Why the schema cannot be migrated as it stands, e.g. a TenancyError MIGRATION_CHANGED, SCHEMA_MISSING or HISTORY_MISSING. */
  readonly problem?: unknown
}

export function entryOf(
  { target }: Planned,
  state: MigrationEntry['state'],
  durationMs: number,
  rest: Partial<Pick<MigrationEntry, 'applied' | 'error' | 'note'>> = {},
): MigrationEntry {
  return Object.freeze({ ...named(target), applied: [], state, durationMs, ...rest })
}

/** The entry of a schema that had its turn. */
export function endOf(planned: Planned, begun: number | undefined, error?: unknown): MigrationEntry {
  const durationMs = begun === undefined ? 0 : performance.now() - begun
  if (error !== undefined) return entryOf(planned, 'failed', durationMs, { error })
  return entryOf(planned, 'done', durationMs, { applied: planned.pending.map(({ name }) => name) })
}

export function statusOf({ target, head, state, pending, problem }: Planned): MigrationStatus {
  return Object.freeze({
    ...named(target),
    ...(target.source !== undefined && { source: target.source.name }),
    head,
    applied: state.applied.length + (state.toAdopt?.length ?? 0),
    pending: pending.map(({ name }) => name),
    ...(problem !== undefined && { problem }),
  })
}

function named({ target, tenant }: Planned['target']): { target: string; tenantId?: string } {
  return tenant === undefined ? { target } : { target, tenantId: tenant.id }
}

/** What the catalog keeps of an error: what an operator needs, and neither rows nor passwords. */
export function errorForRecord(error: unknown): object | undefined {
  if (error === undefined) return undefined
  if (!isTenancyError(error)) return { name: error instanceof Error ? error.name : 'an error', sqlState: sqlStateOf(error) }
  const { code, summary } = error
  const { file, line, statement } = error.details as Partial<ErrorDetails['MIGRATION_FAILED']>
  return { code, message: summary, sqlState: sqlStateOf(error), file, line, statement }
}
