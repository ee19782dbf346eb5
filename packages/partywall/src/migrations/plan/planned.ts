/** What a run should reach, and what was planned for one schema. */
import type { Migration, Step } from '../../ports/migration-source.ts'
import type { SchemaState } from '../history/schema-state.ts'
import type { FleetTarget } from './targets.ts'

export type Direction = 'up' | 'down'

export type Again = 'last' | 'all'

/** What a run should reach in each of its schemas. */
export interface Goal {
  readonly direction: Direction
  /** Up: the last migration to apply, all when it is absent. Down: the last one to keep, none when it is absent. */
  readonly to?: string | undefined
  /** Read the histories themselves, and refuse a schema whose digest does not match its history. */
  readonly verify?: boolean | undefined
  /** Down: files that have changed since they were applied are rolled back as they are now. */
  readonly edited?: boolean | undefined
  /** Done again: the last migration, which is rolled back first; or all of them, in a schema that is emptied first. */
  readonly again?: Again | undefined
  /** Pending migrations are recorded as applied, and not run. */
  readonly fake?: boolean | undefined
}

/** The state of one schema, and what is to be done there. */
export interface Planned {
  readonly target: FleetTarget
  readonly head: string | undefined
  /** Applied migrations that the files do not have. Without a problem, a newer deploy has applied them. */
  readonly ahead: readonly string[]
  readonly state: SchemaState
  readonly direction: Direction
  /** As in the goal. */
  readonly again?: Again | undefined
  /** In the order in which they are done. */
  readonly pending: readonly Migration[]
  /** The history must be written, or its digest corrected, even when nothing is pending. */
  readonly needsHistoryWrite: boolean
  /** Why nothing may be done. */
  readonly problem?: unknown
}

/** Nothing is to be done there, and there is no problem. */
export function isIdle({ pending, needsHistoryWrite, problem }: Planned): boolean {
  return pending.length === 0 && !needsHistoryWrite && problem === undefined
}

/** What will be run in the schema. The other pending migrations are only recorded as applied. */
export function toRun({ pending, state }: Planned): readonly Migration[] {
  if (state.toRecord === undefined) return pending
  const isRecorded = new Set(state.toRecord.map(({ name }) => name))
  return pending.filter(({ name }) => !isRecorded.has(name))
}

/** Schemas that have something to do and no problem, in groups with the same pending migrations of the same source. */
export function inGroups(plans: readonly Planned[]): Planned[][] {
  const ready = plans.filter(({ pending, problem }) => pending.length > 0 && problem === undefined)
  return [...Map.groupBy(ready, pendingKey).values()]
}

export function stepOf(migration: Migration, direction: Direction): Step {
  return direction === 'up' ? migration.up : migration.down!
}

function pendingKey({ target, pending }: Planned): string {
  return JSON.stringify([target.source?.name, pending.map(({ name, checksum }) => [name, checksum])])
}
