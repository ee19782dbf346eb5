/** Migrations of another tool that are SQL: reviewed as a whole before any of them runs, and sent as text. */
import { splitStatements, type SqlStatement } from '../../../sql/lexer.ts'
import type { Migration, Step } from '../../../ports/migration-source.ts'
import { OwnedNames } from '../../review/owned-names.ts'
import { needsReview, reviewSql } from '../../review/review.ts'
import { checksumOf, invalidMigration } from '../files/migration-file.ts'
import { codeStep } from './tool-code.ts'
import { isForPublic, reviewAt, type ToolPlace } from './tool-source.ts'

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

/**
 * The migrations of a folder that holds only SQL: the files show what the migrations create.
 * @throws TenancyError INVALID_MIGRATION for SQL that must not run in the schema of a tenant
 */
export function sqlMigrations(files: readonly SqlMigration[], place: ToolPlace): Migration[] {
  const owned = new OwnedNames()
  return files.map((file) =>
    migrationOf(file, (text, isDown, statements) => reviewedStep(text, place, isDown ? owned.copy() : owned, statements)),
  )
}

/**
 * The SQL migrations of a folder that also holds code: what belongs to the tenant is not known before they run. So SQL that needs a review
 * is reviewed when it is sent; the other SQL stays text.
 */
export function sqlBesideCode(files: readonly SqlMigration[], place: ToolPlace): Migration[] {
  return files.map((file) =>
    migrationOf(file, ({ file: path, text, line = 1 }) =>
      isForPublic(place) || !needsReview(text)
        ? { kind: 'sql', text, line }
        : codeStep(path, place, async ({ client }) => void (await client.query(text))),
    ),
  )
}

/** @param toStep gets the statements of the up migration, which are known */
function migrationOf(
  { name, up, down, content = up.text, origin }: SqlMigration,
  toStep: (text: SqlText, isDown: boolean, statements?: SqlStatement[]) => Step,
): Migration {
  const statements = splitStatements(up.text)
  // In this order: the down migration starts from what the up migration has created.
  const upStep = toStep(up, false, statements)
  return Object.freeze({
    name,
    file: up.file,
    checksum: checksumOf(content),
    up: upStep,
    ...(down && { down: toStep(down, true) }),
    ...(statements.some(isRefusedInTransaction) && { transaction: false as const }),
    ...(origin !== undefined && { origin }),
  })
}

function reviewedStep(
  { file, text, line = 1 }: SqlText,
  place: ToolPlace,
  owned: OwnedNames,
  statements: SqlStatement[] | undefined,
): Step {
  if (isForPublic(place)) return { kind: 'sql', text, line }
  const refuse = (at: number, what: string): never => {
    throw invalidMigration(file, `has in line ${line + at - 1} ${what}`)
  }
  return { kind: 'sql', text: reviewSql(text, { ...reviewAt(place), owned, refuse }, statements), line }
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
