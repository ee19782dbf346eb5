/** What a run of migrations reports of each schema, and the status of one schema. */
import { sqlStateOf } from '../../sql/sqlstate.ts'
import { tenancyErrorOf, type ErrorDetails } from '../../errors.ts'
import type { MigrationEntry } from '../../types.ts'
import { recordedIn } from '../history/schema-state.ts'
import type { BothScopes } from '../plan/both-scopes.ts'
import { listed } from '../plan/mismatches.ts'
import type { Planned } from '../plan/planned.ts'

/** The state of one schema, and what is pending there. */
export interface MigrationStatus {
  /** The schema of a tenant; 'shared' for the shared schema; 'template' and 'template:<kind>' for templates, and the schema of a ready one. */
  readonly target: string
  /** Absent for the shared schema, for templates and for ready schemas. */
  readonly tenantId?: string
  /** The name of its source of migrations, mostly a folder; absent when it is not known. */
  readonly source?: string
  /** The last migration applied. */
  readonly head: string | undefined
  /** How many were applied. */
  readonly applied: number
  /** Names of the migrations that a run would do, in order. */
  readonly pending: readonly string[]
  /**
   * Names of applied migrations that the files do not have. Without a `problem`, the schema is ahead: a newer deploy has migrated it, and
   * this process has older files.
   */
  readonly ahead: readonly string[]
  /**
   * Its tables, views and sequences whose name the shared schema has, too, and that the option `migrations.shadowed` does not list: a tenant
   * that lacks one would use the shared one. Absent when there are none.
   */
  readonly shadowing?: readonly string[]
  /**
   * Tables, views and sequences that it lacks, while other tenants with the same migrations have them: its queries use those of the shared
   * schema. Absent when there are none.
   */
  readonly fallingThrough?: readonly string[]
  /** Why the schema cannot be migrated in its current state, e.g. a TenancyError MIGRATION_CHANGED, SCHEMA_MISSING or HISTORY_MISSING. */
  readonly problem?: unknown
}

export function entryOf(
  { target, ahead, problem }: Planned,
  state: MigrationEntry['state'],
  durationMs: number,
  rest: Partial<Pick<MigrationEntry, 'applied' | 'error' | 'note'>> = {},
): MigrationEntry {
  const isAhead = ahead.length > 0 && problem === undefined
  return Object.freeze({
    ...named(target),
    applied: [],
    state,
    durationMs,
    ...(isAhead && { ahead, note: `is ahead of these files: its history also has ${listed(ahead)}` }),
    ...rest,
  })
}

/** The entry of a schema whose work is over. @param applied what all attempts have committed */
export function endOf(
  planned: Planned,
  startedAt: number | undefined,
  applied: readonly string[],
  error?: unknown,
): MigrationEntry {
  const durationMs = startedAt === undefined ? 0 : performance.now() - startedAt
  return error === undefined
    ? entryOf(planned, 'done', durationMs, { applied })
    : entryOf(planned, 'failed', durationMs, { applied, error })
}

export function statusOf({ target, head, state, pending, ahead, problem }: Planned, scopes?: BothScopes): MigrationStatus {
  return Object.freeze({
    ...named(target),
    ...(target.source !== undefined && { source: target.source.name }),
    head,
    applied: recordedIn(state).length,
    pending: pending.map(({ name }) => name),
    ahead,
    ...(scopes !== undefined && scopes.shadowing.length > 0 && { shadowing: scopes.shadowing }),
    ...(scopes !== undefined && scopes.fallingThrough.length > 0 && { fallingThrough: scopes.fallingThrough }),
    ...(problem !== undefined && { problem }),
  })
}

function named({ target, tenant, standIn }: Planned['target']): { target: string; tenantId?: string } {
  return tenant === undefined || standIn !== undefined ? { target } : { target, tenantId: tenant.id }
}

/** What the catalog stores of an error: what an operator needs, and neither rows nor passwords. */
export function errorForRecord(error: unknown): object | undefined {
  if (error === undefined) return undefined
  const refusal = tenancyErrorOf(error)
  if (refusal === undefined) return { name: error instanceof Error ? error.name : 'an error', sqlState: sqlStateOf(error) }
  const { code, summary } = refusal
  const { file, line, statement } = refusal.details as Partial<ErrorDetails['MIGRATION_FAILED']>
  return { code, message: summary, sqlState: sqlStateOf(refusal), file, line, statement }
}
