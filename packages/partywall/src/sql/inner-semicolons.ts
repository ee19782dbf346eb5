/**
 * Two statements contain semicolons that do not end them: a routine with an SQL-standard body (`begin atomic … end`), and a rule with
 * several actions in parentheses.
 *
 * In such a body, `end` and `case` may also be names: PostgreSQL permits them after `as`, after a dot, and as the label of a column without
 * `as`. If a label were taken for the start of a CASE, the statements behind the body would be taken for a part of it.
 */

/** What can follow the label of a column. None of them can be the first word of an expression, so `case` in front of one is a label. */
const afterLabel = new Set([
  ',',
  ';',
  ')',
  'from',
  'into',
  'where',
  'group',
  'having',
  'window',
  'union',
  'intersect',
  'except',
  'order',
  'limit',
  'offset',
  'fetch',
  'for',
])

export class InnerSemicolons {
  #kind: 'undecided' | 'other' | 'routine' | 'rule' = 'undecided'
  #depth = 0
  #isInBody = false
  /** For each CASE that is open, the depth of parentheses that it is at. */
  readonly #cases: number[] = []
  /** The last token was `case`, and it is not known yet whether it is a label. */
  #mayBeLabel = false

  /** Whether a semicolon at this place is a part of the statement. */
  get belongsToStatement(): boolean {
    return this.#isInBody || (this.#kind === 'rule' && this.#depth > 0)
  }

  /** @param before the tokens in front of this one */
  take(token: string, isWord: boolean, before: readonly string[]): void {
    if (this.#kind === 'undecided') this.#kind = kindOf(token, isWord, before)
    if (this.#kind === 'undecided' || this.#kind === 'other') return
    if (token === '(') this.#depth += 1
    else if (token === ')') this.#depth -= 1
    if (this.#kind === 'rule') return
    const last = before.at(-1)
    // A parameter of a routine may be called `begin` and have a type `atomic`.
    if (!this.#isInBody) this.#isInBody = isWord && token === 'atomic' && last === 'begin' && this.#depth === 0
    else this.#takeInBody(token, isWord, last)
  }

  #takeInBody(token: string, isWord: boolean, last: string | undefined): void {
    if (this.#mayBeLabel && afterLabel.has(token)) this.#cases.pop()
    this.#mayBeLabel = false
    if (!isWord || last === 'as' || last === '.') return
    if (token === 'case') {
      this.#cases.push(this.#depth)
      this.#mayBeLabel = true
    }
    if (token !== 'end') return
    if (this.#cases.at(-1) === this.#depth) this.#cases.pop()
    else if (last === ';' || last === 'atomic') this.#isInBody = false
  }
}

function kindOf(token: string, isWord: boolean, before: readonly string[]): 'undecided' | 'other' | 'routine' | 'rule' {
  if (before.length === 0) return token === 'create' && isWord ? 'undecided' : 'other'
  if (token === 'or' || token === 'replace') return 'undecided'
  if (token === 'function' || token === 'procedure') return 'routine'
  return token === 'rule' ? 'rule' : 'other'
}
