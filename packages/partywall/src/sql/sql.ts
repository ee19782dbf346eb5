/**
 * The `sql` tag: SQL with separate values. A value in `${…}` becomes a parameter, never text; names go through
 * `sql.identifier`. There is no way to insert raw text: code that needs it writes the statement object by hand, where a reviewer sees it.
 */
import { TenancyError } from '../errors.ts'
import { identifier } from '../names/identifier.ts'
import type { Statement } from './statement.ts'

export interface SqlTag {
  /**
   * A statement with the values as parameters. It may be used inside of another statement of this tag.
   * @example sql`insert into ${sql.identifier('polls')} (question) values (${question})`
   * @throws TenancyError UNSAFE_STATEMENT when called as a plain function with text
   */
  (strings: TemplateStringsArray, ...values: unknown[]): Statement
  /** A quoted name; several parts are joined with dots, as in `sql.identifier('acme', 'polls')`. */
  identifier(...parts: string[]): SqlIdentifier
}

/** A quoted name, made by `sql.identifier`. */
export class SqlIdentifier {
  readonly text: string

  constructor(parts: readonly string[]) {
    this.text = parts.map(identifier).join('.')
  }
}

interface Pieces {
  readonly strings: readonly string[]
  readonly values: readonly unknown[]
}

/** Only statements of the tag may be nested: an object that only looks like one may come from a request. */
const made = new WeakMap<Statement, Pieces>()

export const sql: SqlTag = Object.assign(tag, { identifier: (...parts: string[]) => new SqlIdentifier(parts) })

function tag(strings: TemplateStringsArray, ...values: unknown[]): Statement {
  if (!Array.isArray(strings) || !Array.isArray(strings.raw)) {
    throw new TenancyError(
      'UNSAFE_STATEMENT',
      'sql(…) was called with text. Use it as a tag, sql`select … where id = ${id}`, so that values stay separate from the text.',
    )
  }
  const parameters: unknown[] = []
  const text = render({ strings, values }, parameters)
  const statement: Statement = Object.freeze(parameters.length === 0 ? { text } : { text, values: parameters })
  made.set(statement, { strings: [...strings], values })
  return statement
}

function render({ strings, values }: Pieces, parameters: unknown[]): string {
  return strings.map((string, index) => string + (index < values.length ? renderValue(values[index], parameters) : '')).join('')
}

function renderValue(value: unknown, parameters: unknown[]): string {
  if (value instanceof SqlIdentifier) return value.text
  const nested = typeof value === 'object' && value !== null ? made.get(value as Statement) : undefined
  if (nested !== undefined) return render(nested, parameters)
  parameters.push(value)
  return `$${parameters.length}`
}
