/** Brings one schema to its planned state: its migrations in batches, each from the state that the one before it left. */
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Migration } from '../../ports/migration-source.ts'
import type { SchemaState } from '../history/schema-state.ts'
import type { Direction } from '../plan/planned.ts'
import { applyInside } from './apply-inside.ts'
import { applyOutside } from './apply-outside.ts'
import { batchesOf, BatchInSchema, oneByOne, type ApplyPlace } from './batches.ts'

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
  const batches = batchesOf(changes.direction, changes.migrations, state)
  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    const work = new BatchInSchema(changes, state, batch)
    try {
      await (batch.isTransaction ? applyInside(work) : applyOutside(work))
    } catch (error) {
      if (!batch.isTransaction || batch.migrations.length < 2 || !needsCommitBetween(error)) throw error
      batches.unshift(...oneByOne(batch))
      continue
    }
    state = work.stateAfter
  }
}

/**
 * The transaction was rolled back, and would not have failed with a commit between two of its migrations: a value of an enum is used that an
 * earlier one has added, or a table is changed for which constraints are checked at the commit.
 */
function needsCommitBetween(error: unknown): boolean {
  return /^(?:55P04|55006)$/.test(sqlStateOf(error) ?? '')
}
