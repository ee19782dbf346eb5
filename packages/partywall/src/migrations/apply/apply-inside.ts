/**
 * Migrations in one transaction. All SQL that is pending in a schema goes out in one text, with the guards before it and the rows of the
 * history after it: one round trip. A migration in TypeScript runs between two such texts, in the same transaction.
 */
import type { Transaction } from '../../ports/database.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { sql } from '../../sql/sql.ts'
import { createHistoryTexts, forgetText, recordText } from '../history/history-sql.ts'
import { stepOf } from '../plan/planned.ts'
import { recordBatchTexts, type BatchInSchema } from './batches.ts'
import { migrationFailed } from './failure.ts'
import { forgetPlansText } from './forget-plans.ts'
import { assertPlannedText, beginText } from './guards.ts'
import { MigrationSession } from './migration-session.ts'
import { TransactionText, type Script } from './transaction-text.ts'

export async function applyInside(work: BatchInSchema): Promise<void> {
  const { connections, schema, batch, state, progress } = work
  const script = scriptOf(work)
  await progress.through([...(state.toRecord ?? []), ...batch.migrations], async () => {
    if (batch.migrations.every((migration) => work.stepOf(migration).kind === 'sql')) {
      const text = new TransactionText(script)
      await explained(text, connections.send(schema, text.text, text.foreign))
    } else {
      await connections.transaction((transaction) => runScript(transaction, script))
    }
  })
}

/** All that a batch does in its schema. */
export function scriptOf(work: BatchInSchema): Script {
  const { target, schema, batch } = work
  return {
    target,
    direction: batch.direction,
    before: textsBefore(work),
    migrations: batch.migrations,
    after: [...recordBatchTexts(schema, work.appliedBefore, batch), forgetPlansText(schema)],
  }
}

/** Runs a script in a transaction that is open: SQL in one text as far as it goes, TypeScript between two texts. */
export async function runScript(transaction: Transaction, script: Script): Promise<void> {
  const { target, direction, migrations, after } = script
  const bound = transaction.in(target.schema)
  const send = async (part: Pick<Script, 'before' | 'migrations' | 'after'>): Promise<void> => {
    const text = new TransactionText({ target, direction, ...part })
    if (text.text !== '') await explained(text, transaction.send(target.schema, text.text, text.foreign))
  }
  let before = script.before
  let files: Migration[] = []
  for (const migration of migrations) {
    const step = stepOf(migration, direction)
    if (step.kind === 'sql') {
      files.push(migration)
      continue
    }
    await send({ before, migrations: files, after: [] })
    before = []
    files = []
    try {
      await MigrationSession.use(bound, async (client) => step.run({ client, tenant: target.tenant, sql }))
    } catch (error) {
      throw migrationFailed(target.schema, { migration }, error)
    }
  }
  await send({ before, migrations: files, after })
}

function textsBefore({ schema, target, state, limits }: BatchInSchema): string[] {
  const { hasHistory, digest, applied, toRecord = [], unfinished } = state
  // A person has finished it by hand, and recorded that.
  const isFinished = toRecord.some(({ name }) => name === unfinished?.name)
  return [
    beginText(schema, limits),
    assertPlannedText(target, digest),
    ...(hasHistory ? [] : createHistoryTexts(schema)),
    ...(unfinished !== undefined && isFinished ? [forgetText(schema, [unfinished.name])] : []),
    ...(toRecord.length > 0 ? [recordText(schema, applied.length + 1, toRecord)] : []),
  ]
}

/** Errors of migrations get their place in the files; those of partywall's own statements, the missing privilege. */
async function explained(text: TransactionText, work: Promise<unknown>): Promise<void> {
  const { schema } = text.target
  try {
    await work
  } catch (error) {
    const place = text.placeOf(error)
    if (place !== undefined) throw migrationFailed(schema, place, error)
    const name = JSON.stringify(schema)
    throw explainPrivilege(
      error,
      `migrate the schema ${name}`,
      `Migrate as the owner of the schema, or run: grant create on schema ${name} to …;`,
    )
  }
}
