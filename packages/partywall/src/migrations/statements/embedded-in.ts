/** The SQL inside of a whole DO statement, with its places in that statement. */
import { splitStatements } from '../../sql/lexer.ts'
import { embeddedSql, type EmbeddedSql } from './embedded-sql.ts'
import type { Grammar } from './grammar.ts'

/** Nothing when the block cannot be read. `start` is undefined where the place in the statement is not known. */
export function embeddedIn(grammar: Grammar, statement: string): readonly EmbeddedSql[] {
  const [found] = splitStatements(statement)
  const span = found?.spans[found.tokens.indexOf("'")]
  if (span === undefined) return []
  const written = statement.slice(...span)
  const quote = /^\$[^$]*\$/.exec(written)?.[0]
  const body = quote === undefined ? written.slice(1, -1).replaceAll("''", "'") : written.slice(quote.length, -quote.length)
  return (embeddedSql(grammar, statement, body) ?? []).map((one) => ({
    ...one,
    start: quote === undefined || one.start === undefined ? undefined : span[0] + quote.length + one.start,
  }))
}
