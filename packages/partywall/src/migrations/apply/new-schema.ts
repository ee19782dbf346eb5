/**
 * Fills the schema of a new tenant, in the transaction that creates the tenant. No other process reads there yet. So nothing has to be locked
 * or checked, and a migration that must run outside of a transaction elsewhere can run inside of this one: nothing has to be done concurrently.
 */
import type { Transaction } from '../../ports/database.ts'
import type { Migration, MigrationClient, Step } from '../../ports/migration-source.ts'
import type { Statement } from '../../sql/statement.ts'
import { splitStatements } from '../../sql/lexer.ts'
import { createHistoryTexts } from '../history/history-sql.ts'
import type { MigrationTarget } from '../history/schema-state.ts'
import { Edits } from '../statements/edits.ts'
import { loadGrammar, type Grammar } from '../statements/grammar.ts'
import { mayRunAlone, runInTransaction, runsAlone } from '../shape/runs-alone.ts'
import { shapeOf } from '../shape/step-parts.ts'
import { runScript } from './apply-inside.ts'
import { foldingInCode } from './enum-values-in-code.ts'
import { foldEnumValues } from './fold-enum-values.ts'
import { recordBatchTexts, type Batch } from './batches.ts'

/** @throws TenancyError MIGRATION_FAILED, after which the transaction must be rolled back */
export async function applyToNew(
  transaction: Transaction,
  target: MigrationTarget,
  migrations: readonly Migration[],
): Promise<void> {
  const grammar = await loadGrammar()
  const forNew = foldEnumValues(
    migrations.map((migration) => inTransaction(migration, grammar)),
    grammar,
  )
  await foldingInCode(transaction, forNew, grammar, async (inOne) => {
    const batch: Batch = { direction: 'up', migrations: inOne, isTransaction: true }
    const before = createHistoryTexts(target.schema)
    await runScript(transaction, { target, ...batch, before, after: recordBatchTexts(target.schema, [], batch) })
  })
}

function inTransaction(migration: Migration, grammar: Grammar): Migration {
  const up = migration.up
  const shape = shapeOf(up)
  if (shape === undefined)
    return migration.transaction === false ? { ...migration, up: codeInTransaction(up, grammar) } : migration
  const { sql, clientOf, textForNew: text } = shape
  if (text === undefined) return migration
  return {
    ...migration,
    up:
      clientOf === undefined
        ? { ...sql, text }
        : { kind: 'code', run: async (context) => void (await clientOf(context).query(text)) },
  }
}

/** Code that expects to run outside of a transaction: each statement that it sends is changed. */
function codeInTransaction(step: Step, grammar: Grammar): Step {
  if (step.kind === 'sql') return step
  const changed = (text: string): string => {
    const edits = new Edits()
    for (const statement of splitStatements(text)) {
      const { start, end, tokens } = statement
      const written = text.slice(start, end)
      const tree = mayRunAlone(tokens) ? grammar.parse(written) : undefined
      if (tree !== undefined && runsAlone(grammar, written, tree)) runInTransaction(edits, text, statement)
    }
    return edits.apply(text).text
  }
  const clientFor = (client: MigrationClient): MigrationClient => ({
    query: (statement: string | Statement, values?: readonly unknown[]) =>
      typeof statement === 'string'
        ? client.query(changed(statement), values)
        : client.query({ ...statement, text: changed(statement.text) }),
  })
  return { kind: 'code', run: (context) => step.run({ ...context, client: clientFor(context.client) }) }
}
