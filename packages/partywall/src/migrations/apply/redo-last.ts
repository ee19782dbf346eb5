/** Rolls back the migration that was applied last in a schema, and applies it again: in one transaction, where the migration permits one. */
import type { Migration } from '../../ports/migration-source.ts'
import type { SchemaState } from '../history/schema-state.ts'
import { runsOutside } from '../shape/step-parts.ts'
import { runScript, scriptOf } from './apply-inside.ts'
import { applyOutside } from './apply-outside.ts'
import { BatchInSchema, type ApplyPlace } from './batches.ts'

/**
 * Outside of transactions the two halves are separate: when the second one fails, the migration is pending.
 * @throws TenancyError MIGRATION_FAILED, SCHEMA_MISSING, NOT_PERMITTED; the errors of lockedMark and historyChangedMark as they are
 */
export async function redoLast(place: ApplyPlace, state: SchemaState, migration: Migration): Promise<void> {
  const isTransaction = [migration.up, migration.down!].every((step) => !runsOutside(migration, step))
  const down = new BatchInSchema(place, state, { direction: 'down', migrations: [migration], isTransaction })
  const up = new BatchInSchema(place, down.stateAfter, { direction: 'up', migrations: [migration], isTransaction })
  if (!isTransaction) return applyOutside(down, up)
  await place.connections.transaction(async (transaction) => {
    await runScript(transaction, scriptOf(down))
    // The first half holds the lock, and has left the very history that the second one starts from.
    await runScript(transaction, { ...scriptOf(up), before: [] })
  })
}
