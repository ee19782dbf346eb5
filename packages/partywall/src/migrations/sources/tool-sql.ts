/** Migrations of another tool that are SQL: reviewed as a whole before any of them runs, and sent as text. */
import type { Migration, Step } from '../source.ts'
import { madeBy, reviewSql } from '../tenant-sql/review.ts'
import { isForPublic, reviewAt, type ToolPlace } from '../tool-options.ts'
import { invalidMigration } from './invalid-migration.ts'
import { checksumOf } from './migration-text.ts'
import { needsNoTransaction } from './outside-transaction.ts'

interface SqlText {
  readonly file: string
  readonly text: string
  /** Where the text begins in the file. @default 1 */
  readonly line?: number
}

export interface SqlMigration {
  readonly name: string
  readonly up: SqlText
  readonly down?: SqlText | undefined
  /** What the checksum is of. @default the text of `up` */
  readonly content?: string
  readonly origin?: unknown
}

/** @throws TenancyError INVALID_MIGRATION for SQL that has no place in the schema of a tenant */
export function sqlMigrations(files: readonly SqlMigration[], place: ToolPlace): Migration[] {
  const owns = ownership(files.flatMap(({ up }) => madeBy(up.text)))
  return files.map(({ name, up, down, content = up.text, origin }) =>
    Object.freeze({
      name,
      file: up.file,
      checksum: checksumOf(content),
      up: sqlStep(up, place, owns),
      ...(down && { down: sqlStep(down, place, owns) }),
      ...(needsNoTransaction(up.text) !== undefined && { transaction: false as const }),
      ...(origin !== undefined && { origin }),
    }),
  )
}

function sqlStep({ file, text, line = 1 }: SqlText, place: ToolPlace, owns: (name: string) => boolean): Step {
  const refuse = (at: number, what: string): never => {
    throw invalidMigration(file, `has in line ${line + at - 1} ${what}`)
  }
  return { kind: 'sql', text: isForPublic(place) ? text : reviewSql(text, { ...reviewAt(place), owns, refuse }), line }
}

/** Whether a name is of an object that was made: also of the sequence that a `serial` column brings unnamed. */
function ownership(made: readonly string[]): (name: string) => boolean {
  const names = new Set(made)
  return (name) => names.has(name) || (name.endsWith('_seq') && made.some((table) => name.startsWith(`${table}_`)))
}
