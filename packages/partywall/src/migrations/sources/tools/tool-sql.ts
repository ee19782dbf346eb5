/** Migrations of another tool that are SQL: reviewed as a whole before any of them runs, and sent as text. */
import type { Migration, Step } from '../../../ports/migration-source.ts'
import { OwnedNames } from '../../review/owned-names.ts'
import { needsReview, reviewSql } from '../../review/review.ts'
import { isForPublic, reviewAt, type ToolPlace } from './tool-options.ts'
import { invalidMigration } from '../files/invalid-migration.ts'
import { checksumOf } from '../files/migration-text.ts'
import { needsNoTransaction } from './outside-transaction.ts'
import { codeStep } from './tool-code.ts'

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

/**
 * The migrations of a folder that is SQL altogether: what they make is known from the files.
 * @throws TenancyError INVALID_MIGRATION for SQL that has no place in the schema of a tenant
 */
export function sqlMigrations(files: readonly SqlMigration[], place: ToolPlace): Migration[] {
  const owned = new OwnedNames()
  return files.map((file) => migrationOf(file, (text, isDown) => sqlStep(text, place, isDown ? owned.copy() : owned)))
}

/**
 * Those that stand among others in code: what is the tenant's is not known before they run. So SQL that must be looked at is looked at
 * when it is sent; the rest stays text.
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

function migrationOf(
  { name, up, down, content = up.text, origin }: SqlMigration,
  toStep: (text: SqlText, isDown: boolean) => Step,
): Migration {
  // In this order: the way back starts where the way up has ended.
  const upStep = toStep(up, false)
  return Object.freeze({
    name,
    file: up.file,
    checksum: checksumOf(content),
    up: upStep,
    ...(down && { down: toStep(down, true) }),
    ...(needsNoTransaction(up.text) !== undefined && { transaction: false as const }),
    ...(origin !== undefined && { origin }),
  })
}

function sqlStep({ file, text, line = 1 }: SqlText, place: ToolPlace, owned: OwnedNames): Step {
  const refuse = (at: number, what: string): never => {
    throw invalidMigration(file, `has in line ${line + at - 1} ${what}`)
  }
  return { kind: 'sql', text: isForPublic(place) ? text : reviewSql(text, { ...reviewAt(place), owned, refuse }), line }
}
