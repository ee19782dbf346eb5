/**
 * The text of one transaction: all SQL that one schema needs goes out in one message, and one answer comes back. An error of PostgreSQL has a
 * position in that text, or nothing but the number of statements that were done; the text finds the file and the line from either.
 */
import { completedBefore } from '../../sql/completed-before.ts'
import { tenancyErrorOf } from '../../errors.ts'
import type { Migration } from '../../ports/migration-source.ts'
import type { MigrationTarget } from '../history/schema-state.ts'
import { stepOf, type Direction } from '../plan/planned.ts'
import { keptPath, restorePath } from '../shape/settings.ts'
import { lineOf, statementsOf, type SqlStep } from '../shape/step-statements.ts'

/** What one transaction does in a schema: migrations, with partywall's own statements before and after them. */
export interface Script {
  readonly target: MigrationTarget
  readonly direction: Direction
  /** partywall's own statements: each text is one, without a semicolon at the end. */
  readonly before: readonly string[]
  readonly migrations: readonly Migration[]
  readonly after: readonly string[]
}

/** A statement of a migration, for messages. */
export interface Place {
  readonly migration: Migration
  /** In the file; absent when it is not known. */
  readonly line?: number
  /** The text of the statement, shortened. */
  readonly statement?: string
  /** What was done before it in the file is recorded. */
  readonly isOutside?: boolean
}

interface Piece {
  readonly migration: Migration
  readonly step: SqlStep
}

export class TransactionText {
  readonly target: MigrationTarget
  readonly text: string
  /** The part of the text that comes from files. */
  readonly foreign: string
  readonly #pieces: readonly Piece[]
  /** partywall's own statements before the first migration. */
  readonly #before: string
  readonly #statementsBefore: number

  /** Migrations in TypeScript are passed over. */
  constructor({ target, direction, before, migrations, after }: Script) {
    this.target = target
    this.#pieces = migrations.flatMap((migration) => {
      const step = stepOf(migration, direction)
      return step.kind === 'sql' ? [{ migration, step }] : []
    })
    // The first statement of a transaction mostly keeps it.
    const isKept = this.#pieces.length === 0 || before[0]?.includes(keptPath) === true
    const first = isKept ? before : [...before, `select ${keptPath}`]
    this.#statementsBefore = first.length
    this.#before = first.map((statement) => `${statement};\n`).join('')
    this.foreign = this.#pieces.map(({ step }) => step.text + separator).join('')
    this.text = this.#before + this.foreign + after.join(';\n')
  }

  /** Where in the files an error happened; undefined when it was in a statement of partywall's own. */
  placeOf(error: unknown): Place | undefined {
    const unsafe = tenancyErrorOf(error, 'UNSAFE_STATEMENT')
    if (unsafe !== undefined) return this.#placeByVerb(unsafe.details['statement'])
    // Only PostgreSQL's own error knows which statement must run alone.
    const needsSession = tenancyErrorOf(error, 'NEEDS_SESSION')
    const original = needsSession === undefined ? error : needsSession.cause
    return this.#placeByPosition(original) ?? this.#placeByCount(original)
  }

  /** Of a statement that partywall refused to send: its first word is known. */
  #placeByVerb(word: unknown): Place | undefined {
    for (const piece of this.#pieces) {
      const found = statementsOf(piece.step).find(({ verb }) => verb === word)
      if (found !== undefined) return placeIn(piece, found.start)
    }
    return undefined
  }

  #placeByPosition(error: unknown): Place | undefined {
    const position = Number((error as { position?: unknown } | null)?.position)
    if (!Number.isSafeInteger(position) || position < 1) return undefined
    // PostgreSQL counts characters from 1; JavaScript counts those beyond the first 65536 twice.
    let at = position - 1 - lengthOf(this.#before)
    if (at < 0) return undefined
    for (const piece of this.#pieces) {
      const { text } = piece.step
      const length = lengthOf(text)
      // What a text leaves open is reported at its very end.
      if (at <= length + 1) return placeIn(piece, [...text].slice(0, at).join('').length)
      at -= length + separator.length
    }
    return undefined
  }

  #placeByCount(error: unknown): Place | undefined {
    let count = completedBefore(error) - this.#statementsBefore
    if (count < 0) return undefined
    for (const piece of this.#pieces) {
      const statements = statementsOf(piece.step)
      const found = statements[count]
      if (found !== undefined) return placeIn(piece, found.start)
      count -= statements.length + 1
    }
    return undefined
  }
}

/** The line break and the semicolon end a last line that is a comment, and a last statement without a semicolon. */
const separator = `\n;\n${restorePath};\n`

/** The place at an offset in the text of a step. */
export function placeIn({ migration, step }: Piece, offset: number): Place {
  const found = statementsOf(step).find(({ start, end }) => start <= offset && offset <= end + 1)
  return {
    migration,
    line: lineOf(step, offset),
    ...(found !== undefined && { statement: shortened(step.text.slice(found.start, found.end)) }),
  }
}

function shortened(statement: string): string {
  const line = statement.replaceAll(/\s+/g, ' ')
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}

function lengthOf(text: string): number {
  // eslint-disable-next-line no-control-regex -- most texts are ASCII, and counting the characters one by one is slow
  return /^[\x00-\x7f]*$/.test(text) ? text.length : [...text].length
}
