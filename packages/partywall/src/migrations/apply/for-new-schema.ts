/**
 * A migration that wants no transaction, for a schema that is only being made. Nobody reads there yet, so nothing must be done
 * concurrently, and the whole schema can be made in one transaction as always.
 */
import { splitStatements } from '../../sql/lexer.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Migration, MigrationClient } from '../../ports/migration-source.ts'

export function forNewSchema(migration: Migration): Migration {
  if (migration.transaction !== false) return migration
  const { transaction: _, ...rest } = migration
  const { up } = migration
  if (up.kind === 'sql') return { ...rest, up: { ...up, text: inTransaction(up.text) } }
  return { ...rest, up: { ...up, run: (context) => up.run({ ...context, client: inTransactionOf(context.client) }) } }
}

function inTransactionOf(client: MigrationClient): MigrationClient {
  return {
    query: (statement: string | Statement, values?: readonly unknown[]) =>
      typeof statement === 'string'
        ? client.query(inTransaction(statement), values)
        : client.query({ ...statement, text: inTransaction(statement.text) }),
  }
}

/** Keeps every line where it is: an error still names the right one. */
function inTransaction(text: string): string {
  let result = ''
  let at = 0
  for (const { start, end, tokens } of splitStatements(text)) {
    const statement = text.slice(start, end)
    result += text.slice(at, start) + withoutWaiting(statement, tokens)
    at = end
  }
  return result + text.slice(at)
}

function withoutWaiting(statement: string, tokens: readonly string[]): string {
  // There is nothing to clean in tables that were never written.
  if (tokens[0] === 'vacuum') return statement.replaceAll(/[^\n]+/g, '')
  const isIndex = ['create', 'drop', 'reindex'].includes(tokens[0]!) && tokens.slice(1, 5).includes('concurrently')
  return isIndex ? statement.replace(/\bconcurrently\b/i, '') : statement
}
