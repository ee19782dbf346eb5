/** Statements that PostgreSQL refuses inside a transaction: a migration with one of them must run outside. */
import { splitStatements } from '../../../sql/lexer.ts'

/** The first such statement of a text, by its first words; undefined when there is none. */
export function needsNoTransaction(text: string): string | undefined {
  return splitStatements(text)
    .map(({ tokens }) => tokens.slice(0, 12).join(' '))
    .flatMap((words) => outside.exec(words)?.[0] ?? [])[0]
}

const outside = new RegExp(
  [
    '^(?:create|drop)(?: unique)? index concurrently\\b',
    '^reindex (?:.* )?(?:concurrently|database|system)\\b',
    '^vacuum\\b',
    '^(?:create|drop) (?:database|tablespace|subscription)\\b',
    '^alter system\\b',
    '^alter table .* detach partition .* concurrently\\b',
  ].join('|'),
)
