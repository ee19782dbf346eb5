/**
 * A migration outside of transactions that stopped in the middle. Its row in the history says how many of its statements are done, and
 * holds a checksum of these alone: statements that are not done yet may be fixed in the file, those that are done may not change.
 */
import { TenancyError } from '../../errors.ts'
import type { AppliedMigration } from './digest.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { shapeOf } from '../shape/step-parts.ts'
import { statementsOf, type SqlStep } from '../shape/step-statements.ts'
import { checksumOf } from '../sources/files/migration-file.ts'

export interface Unfinished extends AppliedMigration {
  /** How many of its statements are done. */
  readonly statements: number
}

/** The checksum of the first statements of a step, as its file has them: not of the comments between them. */
export function checksumOfDone(step: SqlStep, statements: number): string {
  const original = shapeOf(step)?.original ?? step
  const done = statementsOf(original).slice(0, statements)
  return checksumOf(JSON.stringify(done.map(({ start, end }) => original.text.slice(start, end))))
}

/**
 * Why a schema cannot be migrated because of a migration that stopped there; undefined when the work can continue with it, or nothing
 * stopped. Pure.
 * @param next the first migration that would run in the schema
 */
export function unfinishedProblem(
  schema: string,
  unfinished: Unfinished | undefined,
  migrations: readonly Migration[],
  next: Migration | undefined,
): TenancyError | undefined {
  if (unfinished === undefined) return undefined
  const { name, statements } = unfinished
  const migration = migrations.find((known) => known.name === name)
  const reason = reasonToStop(unfinished, migration, next)
  if (reason === undefined) return undefined
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The migration ${migration?.file ?? name} stopped in the schema ${JSON.stringify(schema)} after ${statements} of its statements, ${reason}`,
    { details: { schema, name, file: migration?.file, problem: 'unfinished', statements } },
  )
}

function reasonToStop(unfinished: Unfinished, migration: Migration | undefined, next: Migration | undefined): string | undefined {
  if (migration === undefined) {
    return 'and its file is gone. Bring the file back from version control; the statements that are done are not run again.'
  }
  if (!isUnchanged(migration, unfinished)) {
    return 'but the statements that are done are not those of its file any more. Restore them; the statements after them may change.'
  }
  return next?.name === migration.name
    ? undefined
    : 'and must be finished before anything else runs there. Migrate forwards, up to it or beyond it; a new file must sort after it.'
}

function isUnchanged({ checksum, up }: Migration, unfinished: Unfinished): boolean {
  // Histories of earlier versions hold the checksum of the whole file.
  if (checksum === unfinished.checksum) return true
  return up.kind === 'sql' && checksumOfDone(up, unfinished.statements) === unfinished.checksum
}
