/**
 * Brings one schema where it should be. All SQL that is pending goes out in one message, with the lock, the check that nobody was
 * faster, and the rows of the history: one round trip and one transaction. A migration in TypeScript stands between two such texts
 * in the same transaction. What wants no transaction runs on a session of its own (apply-outside.ts).
 */
import type { Connections, Transaction } from '../../ports/database.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { sql } from '../../sql/sql.ts'
import { applyOutside } from './apply-outside.ts'
import { afterBatch, batchesOf, stepOf, type Changes, type Batch } from '../plan/changes.ts'
import { digestOf, type AppliedMigration } from '../history/digest.ts'
import { migrationFailed } from './failure.ts'
import { forNewSchema } from './for-new-schema.ts'
import {
  assertDigestText,
  beginText,
  commentText,
  createHistoryText,
  forgetText,
  recordText,
  type TransactionLimits,
} from '../history/history-sql.ts'
import { MigrationSession } from './migration-session.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { MigrationText } from './text.ts'
import type { MigrationTarget, SchemaState } from '../history/schema-state.ts'

/**
 * Makes the changes in a schema that is there. A batch that is done stays done when a later one fails.
 * @throws TenancyError MIGRATION_FAILED, SCHEMA_MISSING, NOT_PERMITTED; the errors of lockedMark and movedMark as they are
 */
export async function applyChanges(
  connections: Connections,
  target: MigrationTarget,
  state: SchemaState,
  changes: Changes,
  limits: TransactionLimits,
): Promise<void> {
  let now = state
  const batches = batchesOf(changes)
  // Also without changes: a history may have to be written down, or its digest mended.
  if (batches.length === 0) batches.push({ direction: 'up', migrations: [], isTransaction: true })
  for (const batch of batches) {
    if (batch.isTransaction) await applyBatch(connections, target, now, batch, limits)
    else await applyOutside(connections, target, now, batch, limits)
    const applied = afterBatch(adopted(now), batch)
    now = { hasHistory: true, digest: digestOf(applied), applied }
  }
}

/** Fills a schema that the transaction has made: nobody else knows it yet, so nothing is locked or checked. */
export async function applyToNew(
  transaction: Transaction,
  target: MigrationTarget,
  migrations: readonly Migration[],
): Promise<void> {
  const batch: Batch = { direction: 'up', migrations: migrations.map(forNewSchema), isTransaction: true }
  await runBatch(transaction, target, batch, [createHistoryText(target.schema)], recordBatch(target.schema, [], batch))
}

async function applyBatch(
  connections: Connections,
  target: MigrationTarget,
  state: SchemaState,
  batch: Batch,
  limits: TransactionLimits,
): Promise<void> {
  const { schema } = target
  const { toAdopt = [], unfinished } = state
  // Somebody has finished it by hand, and says so.
  const isFinished = toAdopt.some(({ name }) => name === unfinished?.name)
  const before = [
    beginText(schema, limits),
    assertDigestText(schema, state.digest),
    ...(state.hasHistory ? [] : [createHistoryText(schema)]),
    ...(unfinished !== undefined && isFinished ? [forgetText(schema, [unfinished.name])] : []),
    ...(toAdopt.length > 0 ? [recordText(schema, state.applied.length + 1, toAdopt)] : []),
  ]
  const after = recordBatch(schema, adopted(state), batch)
  if (batch.migrations.every((migration) => stepOf(migration, batch.direction).kind === 'sql')) {
    const whole = new MigrationText(before, batch.migrations, batch.direction, after)
    await explained(target, whole, connections.send(schema, whole.text, whole.foreign))
  } else {
    await connections.transaction((transaction) => runBatch(transaction, target, batch, before, after))
  }
}

/** SQL in one text as far as it goes; TypeScript between. */
async function runBatch(
  transaction: Transaction,
  target: MigrationTarget,
  { migrations, direction }: Batch,
  before: readonly string[],
  after: readonly string[],
): Promise<void> {
  const bound = transaction.in(target.schema)
  const send = async (first: readonly string[], files: readonly Migration[], last: readonly string[]): Promise<void> => {
    const text = new MigrationText(first, files, direction, last)
    if (text.text !== '') await explained(target, text, bound.query({ text: text.text }))
  }
  let opening = before
  let files: Migration[] = []
  for (const migration of migrations) {
    const step = stepOf(migration, direction)
    if (step.kind === 'sql') {
      files.push(migration)
      continue
    }
    await send(opening, files, [])
    opening = []
    files = []
    try {
      await MigrationSession.use(bound, async (client) => step.run({ client, tenant: target.tenant, sql }))
    } catch (error) {
      throw migrationFailed(target.schema, { migration }, error)
    }
  }
  await send(opening, files, after)
}

async function explained(target: MigrationTarget, text: MigrationText, work: Promise<unknown>): Promise<void> {
  const { schema } = target
  try {
    await work
  } catch (error) {
    const place = text.placeOf(error)
    if (place !== undefined) throw migrationFailed(schema, place, error)
    const name = JSON.stringify(schema)
    throw explainPrivilege(
      error,
      `migrate the schema ${name}`,
      `Migrate as the owner of the schema, or run: grant create on schema ${name} to …;`,
    )
  }
}

/** The rows of the history as the batch leaves them, and its digest. */
function recordBatch(schema: string, applied: readonly AppliedMigration[], batch: Batch): string[] {
  const { migrations, direction } = batch
  const rows =
    migrations.length === 0
      ? []
      : [direction === 'up' ? recordText(schema, applied.length + 1, migrations) : forgetText(schema, migrations.map(nameOf))]
  return [...rows, commentText(schema, digestOf(afterBatch(applied, batch)))]
}

function adopted({ applied, toAdopt = [] }: SchemaState): readonly AppliedMigration[] {
  return [...applied, ...toAdopt]
}

function nameOf({ name }: Migration): string {
  return name
}
