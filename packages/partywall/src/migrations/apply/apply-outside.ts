/**
 * A migration outside of transactions: CREATE INDEX CONCURRENTLY and the like. Each statement runs and is recorded by itself, on a session of
 * its own, so a migration that stopped in the middle continues there. An index that PostgreSQL left invalid, because it could not finish
 * it, is dropped before it is created again.
 */
import { identifier } from '../../names/identifier.ts'
import type { Migration, Step } from '../../ports/migration-source.ts'
import { sql } from '../../sql/sql.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import { digestOf } from '../history/digest.ts'
import { commentText, createHistoryText, forgetText, recordStatementsText, recordText } from '../history/history-sql.ts'
import { checksumOfDone } from '../history/unfinished.ts'
import { unnamedIndex } from '../plan/concurrent-index.ts'
import { lineOf, statementsOf, type SqlStep, type StepStatement } from '../review/step-statements.ts'
import type { BatchInSchema } from './batches.ts'
import { migrationFailed } from './failure.ts'
import { forgetPlansText } from './forget-plans.ts'
import { guardSession } from './guards.ts'
import { MigrationSession } from './migration-session.ts'

/** @param next batches that start from the state that the one before them leaves; all are done under one lock */
export async function applyOutside(first: BatchInSchema, ...next: readonly BatchInSchema[]): Promise<void> {
  const { connections, schema, state, limits } = first
  await connections.session(schema, async (session) => {
    await guardSession(session, schema, state, limits)
    for (const work of [first, ...next]) await applyOn(session, work)
  })
}

async function applyOn(session: Queryable, work: BatchInSchema): Promise<void> {
  const [migration] = work.batch.migrations as [Migration]
  await prepareHistory(session, work)
  const step = work.stepOf(migration)
  if (step.kind === 'code') await runCode(session, work, migration, step)
  else await runStatements(session, work, migration, step)
  await finishHistory(session, work, migration)
}

/** Creates the history if there is none, and removes its digest: another process that reads the schema in the middle then reads the rows. */
async function prepareHistory(session: Queryable, { schema, state }: BatchInSchema): Promise<void> {
  const { hasHistory, applied, toRecord = [] } = state
  if (!hasHistory) await session.query({ text: createHistoryText(schema) })
  if (toRecord.length > 0) await session.query({ text: recordText(schema, applied.length + 1, toRecord) })
  await session.query({ text: commentText(schema, null) })
}

async function runCode(
  session: Queryable,
  { schema, target }: BatchInSchema,
  migration: Migration,
  step: Extract<Step, { kind: 'code' }>,
): Promise<void> {
  try {
    await MigrationSession.use(session, async (client) => step.run({ client, tenant: target.tenant, sql }))
  } catch (error) {
    throw migrationFailed(schema, { migration }, error)
  }
}

async function runStatements(session: Queryable, work: BatchInSchema, migration: Migration, step: SqlStep): Promise<void> {
  const { schema, state, batch, position } = work
  const statements = statementsOf(step)
  for (let done = state.unfinished?.statements ?? 0; done < statements.length; done++) {
    await runStatement(session, schema, migration, step, statements[done]!)
    if (batch.direction === 'up') {
      const row = { name: migration.name, checksum: checksumOfDone(step, done + 1) }
      await session.query({ text: recordStatementsText(schema, position, row, done + 1) })
    }
  }
}

async function runStatement(
  session: Queryable,
  schema: string,
  migration: Migration,
  step: SqlStep,
  { start, end, concurrentIndex }: StepStatement,
): Promise<void> {
  const text = step.text.slice(start, end)
  try {
    if (concurrentIndex === null) throw unnamedIndex()
    if (concurrentIndex !== undefined) await dropInvalid(session, schema, concurrentIndex)
    await session.query({ text })
  } catch (error) {
    const statement = text.replaceAll(/\s+/g, ' ').slice(0, 200)
    throw migrationFailed(schema, { migration, line: lineOf(step, start), statement }, error)
  }
}

async function dropInvalid(session: Queryable, schema: string, index: string): Promise<void> {
  const { rows } = await session.query(invalidIndexSql(schema, index))
  if (rows.length > 0) await session.query({ text: `drop index concurrently ${identifier(schema)}.${identifier(index)}` })
}

async function finishHistory(session: Queryable, work: BatchInSchema, migration: Migration): Promise<void> {
  const { schema, batch, position, appliedAfter } = work
  const row =
    batch.direction === 'up' ? recordStatementsText(schema, position, migration, null) : forgetText(schema, [migration.name])
  await session.query({ text: `begin` })
  await session.query({ text: row })
  await session.query({ text: commentText(schema, digestOf(appliedAfter)) })
  await session.query({ text: forgetPlansText(schema) })
  await session.query({ text: `commit` })
}

function invalidIndexSql(schema: string, index: string): Statement {
  return {
    text: `
      select 1 as found
      from pg_catalog.pg_index
      join pg_catalog.pg_class as relation on relation.oid = indexrelid
      join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
      where namespace.nspname = $1::text
        and relation.relname = $2::text
        and not indisvalid`,
    values: [schema, index],
  }
}
