/**
 * Fills the schema of a new tenant, in the transaction that creates the tenant. No other process reads there yet. So nothing has to be locked
 * or checked, and a migration that must run outside of a transaction elsewhere can run inside of this one: nothing has to be done concurrently.
 */
import type { Transaction } from '../../ports/database.ts'
import type { Migration, MigrationClient } from '../../ports/migration-source.ts'
import type { Statement } from '../../sql/statement.ts'
import { createHistoryText } from '../history/history-sql.ts'
import type { MigrationTarget } from '../history/schema-state.ts'
import { statementsIn, statementsOf, type StepStatement } from '../review/step-statements.ts'
import { runScript } from './apply-inside.ts'
import { recordBatchTexts, type Batch } from './batches.ts'

/** @throws TenancyError MIGRATION_FAILED, after which the transaction must be rolled back */
export async function applyToNew(
  transaction: Transaction,
  target: MigrationTarget,
  migrations: readonly Migration[],
): Promise<void> {
  const batch: Batch = { direction: 'up', migrations: migrations.map(inTransaction), isTransaction: true }
  const before = [createHistoryText(target.schema)]
  await runScript(transaction, { target, ...batch, before, after: recordBatchTexts(target.schema, [], batch) })
}

function inTransaction(migration: Migration): Migration {
  if (migration.transaction !== false) return migration
  const { transaction: _, ...rest } = migration
  const { up } = migration
  if (up.kind === 'sql') return { ...rest, up: { ...up, text: withoutConcurrently(up.text, statementsOf(up)) } }
  return { ...rest, up: { ...up, run: (context) => up.run({ ...context, client: clientWithoutConcurrently(context.client) }) } }
}

function clientWithoutConcurrently(client: MigrationClient): MigrationClient {
  return {
    query: (statement: string | Statement, values?: readonly unknown[]) =>
      typeof statement === 'string'
        ? client.query(rewritten(statement), values)
        : client.query({ ...statement, text: rewritten(statement.text) }),
  }
}

function rewritten(text: string): string {
  return withoutConcurrently(text, statementsIn(text))
}

/** Every line keeps its number, so an error still names the right one. */
function withoutConcurrently(text: string, statements: readonly StepStatement[]): string {
  let result = ''
  let at = 0
  for (const { start, end, verb, isConcurrentIndex } of statements) {
    const statement = text.slice(start, end)
    result += text.slice(at, start)
    // Tables that were never written need no VACUUM.
    if (verb === 'vacuum') result += statement.replaceAll(/[^\n]+/g, '')
    else result += isConcurrentIndex ? statement.replace(/\bconcurrently\b/i, '') : statement
    at = end
  }
  return result + text.slice(at)
}
