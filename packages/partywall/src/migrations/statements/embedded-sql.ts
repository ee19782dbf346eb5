/**
 * The SQL inside of PL/pgSQL, as the grammar finds it: statements, expressions, and statements that are put together at run time. The grammar
 * gives their texts and lines; where they are in the body is found by their text, because PL/pgSQL keeps them as they are written.
 */
import { splitStatements } from '../../sql/lexer.ts'
import { fieldsOf, type Fields, type Grammar } from './grammar.ts'

export interface EmbeddedSql {
  readonly text: string
  /** Where it starts in the body; undefined when it cannot be found there. */
  readonly start: number | undefined
  /** `dynamic` is the expression whose value EXECUTE runs. */
  readonly kind: 'statement' | 'expression' | 'dynamic'
  /** The variable that the expression is the value of. */
  readonly variable?: string | undefined
}

/**
 * The SQL in the body of a `do` or `create function` statement, in the order of its lines; undefined when the body cannot be read.
 * @param statement the whole statement
 * @param body the code between its quotes
 */
export function embeddedSql(grammar: Grammar, statement: string, body: string): EmbeddedSql[] | undefined {
  const block = fieldsOf(grammar.parseBlock(statement), 'PLpgSQL_function')
  if (block === undefined) return undefined
  const finder = new Finder(body)
  const found: EmbeddedSql[] = []
  collect(block, { line: 1, isDynamic: false, variable: undefined }, (expression, { line, isDynamic, variable }) => {
    const { query, parseMode = 0 } = expression as { query?: unknown; parseMode?: number }
    if (typeof query !== 'string') return
    const { text, start } = finder.find(query, line)
    const assigned = parseMode > expressionMode ? assignment(text) : undefined
    if (assigned === undefined) {
      found.push({ text, start, kind: isDynamic ? 'dynamic' : parseMode === 0 ? 'statement' : 'expression', variable })
      return
    }
    const value = { text: text.slice(assigned.valueStart), start: start === undefined ? undefined : start + assigned.valueStart }
    found.push({ ...value, kind: 'expression', variable: assigned.variable })
  })
  return found
}

interface Place {
  readonly line: number
  readonly isDynamic: boolean
  readonly variable: string | undefined
}

/** The variables come before the statements, each with the line of its declaration. */
function collect(value: unknown, place: Place, visit: (expression: Fields, place: Place) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, place, visit)
    return
  }
  if (typeof value !== 'object' || value === null) return
  const { lineno, refname } = value as { lineno?: unknown; refname?: unknown }
  const line = typeof lineno === 'number' ? lineno : place.line
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'PLpgSQL_expr') visit(inner as Fields, { ...place, line })
    else {
      const variable = key === 'default_val' ? String(refname) : undefined
      collect(inner, { line, isDynamic: isRunAsText(key, inner), variable }, visit)
    }
  }
}

/** `x := 1`, `x.a = 1`, `x[2] := 1`: the variable, and where the value starts. */
function assignment(text: string): { readonly variable: string; readonly valueStart: number } | undefined {
  const [statement] = splitStatements(text)
  const { tokens = [], spans = [] } = statement ?? {}
  let depth = 0
  const sign = tokens.findIndex((token) => {
    depth += token === '[' ? 1 : token === ']' ? -1 : 0
    return depth === 0 && token === '='
  })
  return sign === -1 ? undefined : { variable: tokens[0]!, valueStart: spans[sign]![1] }
}

/** EXECUTE, RETURN QUERY EXECUTE, FOR … IN EXECUTE and OPEN … FOR EXECUTE take an expression where others take a statement. */
function isRunAsText(key: string, value: unknown): boolean {
  return key === 'dynquery' || (key === 'query' && fieldsOf(value, 'PLpgSQL_expr')?.['parseMode'] === expressionMode)
}

const expressionMode = 2

class Finder {
  readonly #body: string
  readonly #lines: readonly number[]
  readonly #taken = new Set<number>()

  constructor(body: string) {
    this.#body = body
    this.#lines = [0, ...[...body.matchAll(/\n/g)].map(({ index }) => index + 1)]
  }

  find(query: string, line: number): { readonly text: string; readonly start: number | undefined } {
    const from = this.#lines[Math.max(line - 1, 0)] ?? 0
    const direct = this.#free(query, from) ?? this.#free(query, 0)
    if (direct !== undefined) return { text: query, start: direct }
    // PERFORM is given as SELECT.
    const performed = /^\s*select\b(.*)$/is.exec(query)?.[1]
    const inside = performed === undefined ? undefined : (this.#free(performed, from) ?? this.#free(performed, 0))
    if (performed !== undefined && inside !== undefined && /perform$/i.test(this.#body.slice(0, inside))) {
      return { text: `select${performed}`, start: inside - 'select'.length }
    }
    return { text: query, start: this.#withoutInto(query, from) }
  }

  #free(text: string, from: number): number | undefined {
    let at = this.#body.indexOf(text, from)
    while (at !== -1 && this.#taken.has(at)) at = this.#body.indexOf(text, at + 1)
    if (at === -1) return undefined
    this.#taken.add(at)
    return at
  }

  /** An INTO clause is given as spaces of its length. */
  #withoutInto(query: string, from: number): number | undefined {
    const [before, after] = query.split(/ {5,}/, 2)
    if (before === undefined || after === undefined || before === '') return undefined
    for (let at = this.#body.indexOf(before, from); at !== -1; at = this.#body.indexOf(before, at + 1)) {
      if (this.#taken.has(at) || !this.#body.slice(at, at + query.length).endsWith(after)) continue
      this.#taken.add(at)
      return at
    }
    return undefined
  }
}
