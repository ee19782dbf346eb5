/** Brings one schema to its planned state: its migrations in batches, each from the state that the one before it left. */
import type { Migration } from '../../ports/migration-source.ts'
import type { SchemaState } from '../history/schema-state.ts'
import type { Direction } from '../plan/planned.ts'
import { applyInside } from './apply-inside.ts'
import { applyOutside } from './apply-outside.ts'
import { batchesOf, BatchInSchema, type ApplyPlace } from './batches.ts'

export interface SchemaChanges extends ApplyPlace {
  readonly state: SchemaState
  readonly direction: Direction
  /** In the order in which they are done. */
  readonly migrations: readonly Migration[]
}

/**
 * Makes the changes in a schema that exists. A batch that is done stays done when a later one fails.
 * @throws TenancyError MIGRATION_FAILED, SCHEMA_MISSING, NOT_PERMITTED; the errors of lockedMark and historyChangedMark as they are
 */
export async function applyChanges(changes: SchemaChanges): Promise<void> {
  let { state } = changes
  for (const batch of batchesOf(changes.direction, changes.migrations)) {
    const work = new BatchInSchema(changes, state, batch)
    await (batch.isTransaction ? applyInside(work) : applyOutside(work))
    state = work.stateAfter
  }
}
