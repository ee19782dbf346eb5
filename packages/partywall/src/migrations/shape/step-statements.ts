/**
 * The statements of a migration's SQL, and what the runner must know of each. One text goes to many schemas and is asked about several
 * times: it is examined once, and only these facts are kept, because the tokens of a long text take a lot of memory.
 */
import { splitStatements, type SqlStatement } from '../../sql/lexer.ts'
import type { Step } from '../../ports/migration-source.ts'

export type SqlStep = Extract<Step, { readonly kind: 'sql' }>

export interface StepStatement {
  /** Where the statement starts and ends in the text, without its semicolon. */
  readonly start: number
  readonly end: number
  /** The first word, in lower case. */
  readonly verb: string
  /** The index that it creates with CONCURRENTLY: its name; null when it has none; undefined when no index is created so. */
  readonly concurrentIndex: string | null | undefined
}

const examined = new WeakMap<SqlStep, readonly StepStatement[]>()

/** The statements of a step. A step that was examined before costs a look into a map. */
export function statementsOf(step: SqlStep): readonly StepStatement[] {
  let statements = examined.get(step)
  if (statements === undefined) {
    statements = statementsIn(step.text)
    examined.set(step, statements)
  }
  return statements
}

/** The statements of a text that belongs to no step. */
export function statementsIn(text: string): readonly StepStatement[] {
  return splitStatements(text).map((statement) => {
    const { start, end, tokens } = statement
    return {
      start,
      end,
      verb: tokens[0]!,
      concurrentIndex: concurrentIndex(text, statement),
    }
  })
}

/** The line of the file at an offset in the text of a step. */
export function lineOf({ text, line }: SqlStep, offset: number): number {
  return line + (text.slice(0, offset).match(/\n/g)?.length ?? 0)
}

function concurrentIndex(text: string, { tokens, spans }: SqlStatement): string | null | undefined {
  const at = tokens.indexOf('concurrently')
  if (tokens[0] !== 'create' || at === -1 || at > 3 || text[spans[at]![0]] === '"') return undefined
  const index = tokens[at + 1] === 'if' && tokens[at + 2] === 'not' ? at + 4 : at + 1
  const written = spans[index] === undefined ? '' : text.slice(...spans[index])
  if (written.startsWith('"')) return written.slice(1, -1).replaceAll('""', '"')
  // An escaped name is decoded by the lexer, when it is a plain one.
  return tokens[index] === 'on' || !/^[\w$\u0080-\uffff]+$/.test(tokens[index] ?? '') ? null : tokens[index]!
}
