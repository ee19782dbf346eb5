/** Migrations of another tool that are SQL. */
import { splitStatements, type SqlStatement } from '../../../sql/lexer.ts'
import type { Migration, Step } from '../../../ports/migration-source.ts'
import { checksumOf } from '../files/migration-file.ts'

interface SqlText {
  readonly file: string
  readonly text: string
  /** The line of the file in which the text starts. @default 1 */
  readonly line?: number
}

export interface SqlMigration {
  readonly name: string
  readonly up: SqlText
  readonly down?: SqlText | undefined
  /** The text that the checksum is computed from. @default the text of `up` */
  readonly content?: string
  readonly origin?: unknown
}

/** The migrations of a folder of SQL files. */
export function sqlMigrations(files: readonly SqlMigration[], _place?: unknown): Migration[] {
  return files.map(({ name, up, down, content = up.text, origin }) =>
    Object.freeze({
      name,
      file: up.file,
      checksum: checksumOf(content),
      up: step(up),
      ...(down && { down: step(down) }),
      ...(splitStatements(up.text).some(isRefusedInTransaction) && { transaction: false as const }),
      ...(origin !== undefined && { origin }),
    }),
  )
}

/** As sqlMigrations: the review of all sources knows what code leaves open. */
export const sqlBesideCode = sqlMigrations

function step({ text, line = 1 }: SqlText): Step {
  return { kind: 'sql', text, line }
}

/** PostgreSQL refuses the statement inside of a transaction, so its migration must run outside. */
function isRefusedInTransaction({ tokens }: SqlStatement): boolean {
  return refusedInTransaction.test(tokens.slice(0, 12).join(' '))
}

const refusedInTransaction = new RegExp(
  [
    '^(?:create|drop)(?: unique)? index concurrently\\b',
    '^reindex (?:.* )?(?:concurrently|database|system)\\b',
    '^vacuum\\b',
    '^(?:create|drop) (?:database|tablespace|subscription)\\b',
    '^alter system\\b',
    '^alter table .* detach partition .* concurrently\\b',
  ].join('|'),
)
