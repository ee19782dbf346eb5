/** What is to be done in one schema: an unbroken row of migrations, forwards or back, cut into what one transaction can hold. */
import type { AppliedMigration } from '../history/digest.ts'
import type { Migration, Step } from '../../ports/migration-source.ts'

export type Direction = 'up' | 'down'

export interface Changes {
  readonly direction: Direction
  /** In the order in which they are done: going back, the last one applied comes first. */
  readonly migrations: readonly Migration[]
}

/** Migrations that go together: all in one transaction, or one alone outside of transactions. */
export interface Batch {
  readonly direction: Direction
  readonly migrations: readonly Migration[]
  readonly isTransaction: boolean
}

export function batchesOf({ direction, migrations }: Changes): Batch[] {
  const batches: { direction: Direction; migrations: Migration[]; isTransaction: boolean }[] = []
  for (const migration of migrations) {
    const isTransaction = migration.transaction !== false
    const last = batches.at(-1)
    if (isTransaction && last?.isTransaction === true) last.migrations.push(migration)
    else batches.push({ direction, migrations: [migration], isTransaction })
  }
  return batches
}

export function stepOf(migration: Migration, direction: Direction): Step {
  return direction === 'up' ? migration.up : migration.down!
}

/** The line of the file in which a place of the step's text is. */
export function lineIn({ text, line }: { readonly text: string; readonly line: number }, offset: number): number {
  return line + (text.slice(0, offset).match(/\n/g)?.length ?? 0)
}

/** What a history holds when a batch is done. */
export function afterBatch(applied: readonly AppliedMigration[], { direction, migrations }: Batch): readonly AppliedMigration[] {
  if (direction === 'up') return [...applied, ...migrations]
  const undone = new Set(migrations.map(({ name }) => name))
  return applied.filter(({ name }) => !undone.has(name))
}
