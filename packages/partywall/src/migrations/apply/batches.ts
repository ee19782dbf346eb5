/**
 * The migrations of one schema, cut into batches: what one transaction can hold, or one migration alone outside of transactions. A cut costs a
 * round trip, and what was committed before it stays when a later batch fails. So there is one only where PostgreSQL demands it: before a
 * migration that may use a value which an earlier one adds to an enum, and behind one that sets constraints to deferred.
 */
import type { Connections } from '../../ports/database.ts'
import type { Migration, Step } from '../../ports/migration-source.ts'
import { digestOf, type AppliedMigration } from '../history/digest.ts'
import { commentText, forgetText, recordText } from '../history/history-sql.ts'
import { recordedIn, type MigrationTarget, type SchemaState } from '../history/schema-state.ts'
import { stepOf, type Direction } from '../plan/planned.ts'
import { stepMayUse } from '../shape/enum-values.ts'
import { runsOutside, shapeOf } from '../shape/step-parts.ts'
import type { MigrationLimits } from './guards.ts'
import type { Progress } from './progress.ts'

/** Migrations that go together: all in one transaction, or one alone outside of transactions. */
export interface Batch {
  readonly direction: Direction
  /** In the order in which they are done: in a rollback, the last one applied comes first. */
  readonly migrations: readonly Migration[]
  readonly isTransaction: boolean
}

/**
 * @param state what stopped in the middle goes on outside of the transaction of others
 * @returns at least one batch: a history may have to be written, or its digest corrected, without any migration
 */
export function batchesOf(
  direction: Direction,
  migrations: readonly Migration[],
  { unfinished }: Pick<SchemaState, 'unfinished'> = {},
): Batch[] {
  const batches: { direction: Direction; migrations: Migration[]; isTransaction: boolean }[] = []
  const cuts = new Cuts()
  for (const migration of migrations) {
    const step = stepOf(migration, direction)
    const isTransaction = !runsOutside(migration, step) && (direction === 'down' || migration.name !== unfinished?.name)
    const isCut = cuts.isBefore(step)
    const last = batches.at(-1)
    if (isTransaction && !isCut && last?.isTransaction === true) last.migrations.push(migration)
    else batches.push({ direction, migrations: [migration], isTransaction })
  }
  return batches.length === 0 ? [{ direction: 'up', migrations: [], isTransaction: true }] : batches
}

/** Each migration by itself: for what PostgreSQL refuses in one transaction although the text did not show it. */
export function oneByOne({ direction, migrations, isTransaction }: Batch): Batch[] {
  return migrations.map((migration) => ({ direction, migrations: [migration], isTransaction }))
}

class Cuts {
  #added: string[] = []
  #isDue = false

  /** Whether a transaction must end before this step. Called for each step in turn. */
  isBefore(step: Step): boolean {
    const shape = shapeOf(step)
    // Code may use any value.
    const mayUseAdded = this.#added.length > 0 && (step.kind === 'code' || stepMayUse(step, this.#added))
    const isCut = this.#isDue || mayUseAdded
    if (isCut) this.#added = []
    this.#added.push(...(shape?.addedValues ?? []))
    this.#isDue = shape?.endsTransaction === true
    return isCut
  }
}

/** Where migrations are applied, and within which limits. */
export interface ApplyPlace {
  readonly connections: Connections
  readonly target: MigrationTarget
  readonly limits: MigrationLimits
  readonly progress: Progress
}

/** One batch in one schema: all that applying it needs to know, whether inside of a transaction or outside. */
export class BatchInSchema {
  readonly connections: Connections
  readonly target: MigrationTarget
  readonly limits: MigrationLimits
  readonly progress: Progress
  /** The state that the batch starts from. */
  readonly state: SchemaState
  readonly batch: Batch

  constructor({ connections, target, limits, progress }: ApplyPlace, state: SchemaState, batch: Batch) {
    this.connections = connections
    this.target = target
    this.limits = limits
    this.progress = progress
    this.state = state
    this.batch = batch
  }

  get schema(): string {
    return this.target.schema
  }

  stepOf(migration: Migration): Step {
    return stepOf(migration, this.batch.direction)
  }

  /** What the history holds when the first migration of the batch starts. */
  get appliedBefore(): readonly AppliedMigration[] {
    return recordedIn(this.state)
  }

  /** What the history holds when the batch is done. */
  get appliedAfter(): readonly AppliedMigration[] {
    return afterBatch(this.appliedBefore, this.batch)
  }

  /** The position of the first migration of the batch in the history. */
  get position(): number {
    return this.appliedBefore.length + 1
  }

  get stateAfter(): SchemaState {
    const applied = this.appliedAfter
    return { hasHistory: true, digest: digestOf(applied), applied }
  }
}

/** The statements that bring the history up to date after a batch: its rows, and its digest. */
export function recordBatchTexts(schema: string, applied: readonly AppliedMigration[], batch: Batch): string[] {
  return [...rowTexts(schema, applied, batch), commentText(schema, digestOf(afterBatch(applied, batch)))]
}

function rowTexts(schema: string, applied: readonly AppliedMigration[], { direction, migrations }: Batch): string[] {
  if (migrations.length === 0) return []
  if (direction === 'up') return [recordText(schema, applied.length + 1, migrations)]
  return [
    forgetText(
      schema,
      migrations.map(({ name }) => name),
    ),
  ]
}

function afterBatch(applied: readonly AppliedMigration[], { direction, migrations }: Batch): readonly AppliedMigration[] {
  if (direction === 'up') return [...applied, ...migrations]
  const undone = new Set(migrations.map(({ name }) => name))
  return applied.filter(({ name }) => !undone.has(name))
}
