/** Migrations of another tool that are SQL. */
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
export function sqlMigrations(files: readonly SqlMigration[]): Migration[] {
  return files.map(({ name, up, down, content = up.text, origin }) =>
    Object.freeze({
      name,
      file: up.file,
      checksum: checksumOf(content),
      up: step(up),
      ...(down && { down: step(down) }),
      ...(origin !== undefined && { origin }),
    }),
  )
}

function step({ text, line = 1 }: SqlText): Step {
  return { kind: 'sql', text, line }
}
