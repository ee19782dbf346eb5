/**
 * A migration outside of transactions that stopped in the middle. Its row in the history says how many of its statements are done, and holds
 * a checksum of these alone: what is not done yet may be mended in the file, what is done must be what was done.
 */
import { splitStatements } from '../../sql/lexer.ts'
import { TenancyError } from '../../errors.ts'
import type { AppliedMigration } from './digest.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { checksumOf } from '../sources/files/migration-text.ts'

export interface Unfinished extends AppliedMigration {
  /** How many of its statements are done. */
  readonly statements: number
}

/** The checksum of the first statements of a text: of what is sent, not of the comments between them. */
export function checksumOfDone(text: string, statements: number): string {
  const done = splitStatements(text).slice(0, statements)
  return checksumOf(JSON.stringify(done.map(({ start, end }) => text.slice(start, end))))
}

/**
 * Why a schema may not be migrated with what stopped there; undefined when it can go on, or nothing stopped. Pure.
 * @param next what is to be done first in the schema
 */
export function cannotGoOn(
  schema: string,
  unfinished: Unfinished | undefined,
  migrations: readonly Migration[],
  next: Migration | undefined,
): TenancyError | undefined {
  if (unfinished === undefined) return undefined
  const { name, statements } = unfinished
  const migration = migrations.find((known) => known.name === name)
  const why = whyNot(unfinished, migration, next)
  if (why === undefined) return undefined
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The migration ${migration?.file ?? name} stopped in the schema ${JSON.stringify(schema)} after ${statements} of its statements, ${why}`,
    { details: { schema, name, file: migration?.file, problem: 'unfinished', statements } },
  )
}

function whyNot(unfinished: Unfinished, migration: Migration | undefined, next: Migration | undefined): string | undefined {
  if (migration === undefined) {
    return 'and its file is gone. Bring it back from version control; what is done of it is not done again.'
  }
  if (!isAsItWas(migration, unfinished)) {
    return (
      'and what is done of it is not what its file says now. Restore the statements that are done, and the line ' +
      '`-- partywall: no-transaction`; those that follow may change.'
    )
  }
  return next?.name === migration.name
    ? undefined
    : 'and must be finished before anything else. Migrate forwards, up to it or beyond; a new file must sort behind it.'
}

function isAsItWas({ checksum, transaction, up }: Migration, unfinished: Unfinished): boolean {
  // Histories of before hold the checksum of the whole file.
  if (checksum === unfinished.checksum) return true
  // In a transaction, all of it would be done again.
  if (transaction !== false || up.kind !== 'sql') return false
  return checksumOfDone(up.text, unfinished.statements) === unfinished.checksum
}
