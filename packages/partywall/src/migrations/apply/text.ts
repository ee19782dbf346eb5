/**
 * Migrations as one text: everything that one schema needs in one transaction goes out in one message, and comes back as one answer. An
 * error of PostgreSQL says a position in that text, or nothing but how far it came; the text knows which file and line that is.
 */
import { completedBefore } from '../../sql/completed-before.ts'
import { splitStatements } from '../../sql/lexer.ts'
import { isTenancyError } from '../../errors.ts'
import type { Direction } from '../plan/changes.ts'
import { stepOf } from '../plan/changes.ts'
import type { Migration } from '../../ports/migration-source.ts'

/** A statement of a migration, for messages. */
export interface Place {
  readonly migration: Migration
  /** In the file; absent when it is not known. */
  readonly line?: number
  /** The text of the statement, cut short. */
  readonly statement?: string
}

interface Piece {
  readonly migration: Migration
  readonly text: string
  readonly firstLine: number
}

export class MigrationText {
  readonly text: string
  /** The part of it that comes from files. */
  readonly foreign: string
  readonly #pieces: readonly Piece[]
  /** What comes before the first migration: our own statements. */
  readonly #before: string
  #statementsBefore: number | undefined

  /** @param before and @param after are statements of ours, without a semicolon at the end */
  constructor(before: readonly string[], migrations: readonly Migration[], direction: Direction, after: readonly string[]) {
    this.#before = before.map((statement) => `${statement};\n`).join('')
    this.#pieces = migrations.flatMap((migration) => {
      const step = stepOf(migration, direction)
      return step.kind === 'sql' ? [{ migration, text: step.text, firstLine: step.line }] : []
    })
    this.foreign = this.#pieces.map(({ text }) => text + between).join('')
    this.text = this.#before + this.foreign + after.join(';\n')
  }

  /** Where in the files an error happened; undefined when it was in a statement of ours. */
  placeOf(error: unknown): Place | undefined {
    if (isTenancyError(error, 'UNSAFE_STATEMENT')) return this.#byWord(error.details['statement'])
    // Which statement wants to be alone only PostgreSQL's own error knows.
    const said = isTenancyError(error, 'NEEDS_SESSION') ? error.cause : error
    return this.#byPosition(said) ?? this.#byCount(said)
  }

  /** A statement that partywall refused to send: by the word that it begins with. */
  #byWord(word: unknown): Place | undefined {
    for (const piece of this.#pieces) {
      const found = splitStatements(piece.text).find(({ tokens }) => tokens[0] === word)
      if (found !== undefined) return placeIn(piece, found.start)
    }
    return undefined
  }

  #byPosition(error: unknown): Place | undefined {
    const position = Number((error as { position?: unknown } | null)?.position)
    if (!Number.isSafeInteger(position) || position < 1) return undefined
    // PostgreSQL counts characters from 1; JavaScript counts those beyond the first 65536 twice.
    let at = position - 1 - lengthOf(this.#before)
    if (at < 0) return undefined
    for (const piece of this.#pieces) {
      const length = lengthOf(piece.text)
      // At the very end of a text stands what it left open.
      if (at <= length + 1) return placeIn(piece, [...piece.text].slice(0, at).join('').length)
      at -= length + between.length
    }
    return undefined
  }

  #byCount(error: unknown): Place | undefined {
    this.#statementsBefore ??= splitStatements(this.#before).length
    let count = completedBefore(error) - this.#statementsBefore
    if (count < 0) return undefined
    for (const piece of this.#pieces) {
      const statements = splitStatements(piece.text)
      const found = statements[count]
      if (found !== undefined) return placeIn(piece, found.start)
      count -= statements.length
    }
    return undefined
  }
}

/** Ends a last statement without a semicolon, and a last line that is a comment. */
const between = '\n;\n'

function placeIn({ migration, text, firstLine }: Piece, offset: number): Place {
  const line = firstLine + (text.slice(0, offset).match(/\n/g)?.length ?? 0)
  const statement = splitStatements(text).find(({ start, end }) => start <= offset && offset <= end + 1)
  return {
    migration,
    line,
    ...(statement !== undefined && { statement: shortened(text.slice(statement.start, statement.end)) }),
  }
}

function shortened(statement: string): string {
  const line = statement.replaceAll(/\s+/g, ' ')
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}

function lengthOf(text: string): number {
  // eslint-disable-next-line no-control-regex -- most texts are plain, and counting letter by letter is slow
  return /^[\x00-\x7f]*$/.test(text) ? text.length : [...text].length
}
