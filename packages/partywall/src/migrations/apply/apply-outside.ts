/**
 * A migration outside of transactions: CREATE INDEX CONCURRENTLY and the like. It runs part by part on a session of its own: a statement alone,
 * or those between two such statements in one transaction. Each part is recorded, so a migration that stopped in the middle continues there.
 * An index that PostgreSQL left invalid, because it could not finish it, is dropped before it is created again.
 */
import { identifier } from '../../names/identifier.ts'
import type { Migration, MigrationClient, Step } from '../../ports/migration-source.ts'
import { literal } from '../../sql/literal.ts'
import { sql } from '../../sql/sql.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import { digestOf } from '../history/digest.ts'
import { commentText, createHistoryTexts, forgetText, recordStatementsText, recordText } from '../history/history-sql.ts'
import { unnamedIndex } from '../plan/concurrent-index.ts'
import { checksumOfDone } from '../history/unfinished.ts'
import { shapeOf, type StatementOfPart, type StepPart, type StepShape } from '../shape/step-parts.ts'
import { statementsOf, type SqlStep, type StepStatement } from '../shape/step-statements.ts'
import type { BatchInSchema } from './batches.ts'
import { migrationFailed } from './failure.ts'
import { forgetPlansText } from './forget-plans.ts'
import { guardSession, releaseSession } from './guards.ts'
import { MigrationSession } from './migration-session.ts'
import { placeIn } from './transaction-text.ts'

/** @param next batches that start from the state that the one before them leaves; all are done under one lock */
export async function applyOutside(first: BatchInSchema, ...next: readonly BatchInSchema[]): Promise<void> {
  const { connections, target, schema, state, limits } = first
  await connections.session(schema, async (session) => {
    await guardSession(session, target, state, limits)
    try {
      for (const work of [first, ...next]) await applyOn(session, work)
    } finally {
      await releaseSession(session, schema)
    }
  })
}

async function applyOn(session: Queryable, work: BatchInSchema): Promise<void> {
  const [migration] = work.batch.migrations as [Migration]
  await prepareHistory(session, work)
  const step = work.stepOf(migration)
  const shape = shapeOf(step)
  if (shape !== undefined) await runParts(session, work, migration, shape)
  else if (step.kind === 'code') await runCode(session, work, migration, step)
  await finishHistory(session, work, migration)
}

/** Creates the history if there is none, and removes its digest: another process that reads the schema in the middle then reads the rows. */
async function prepareHistory(session: Queryable, { schema, state, progress }: BatchInSchema): Promise<void> {
  const { hasHistory, applied, toRecord = [] } = state
  if (!hasHistory) for (const text of createHistoryTexts(schema)) await session.query({ text })
  if (toRecord.length > 0)
    await progress.through(toRecord, () => session.query({ text: recordText(schema, applied.length + 1, toRecord) }))
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
    throw migrationFailed(schema, { migration, isOutside: true }, error)
  }
}

async function runParts(session: Queryable, work: BatchInSchema, migration: Migration, shape: StepShape): Promise<void> {
  const { target, batch, state } = work
  const { rows } = await session.query<{ path: string }>({ text: `select pg_catalog.current_setting('search_path') as path` })
  const client = shape.clientOf?.({ client: session as MigrationClient, tenant: target.tenant, sql }) ?? session
  const done = batch.direction === 'up' ? (state.unfinished?.statements ?? 0) : 0
  for (const { start, end } of settingsIn(shape, done)) await session.query({ text: shape.sql.text.slice(start, end) })
  for (const part of remaining(shape.parts, done)) {
    if (!part.isAlone) await session.query({ text: part.begin ?? 'begin' })
    for (const statement of part.statements) {
      try {
        await runStatement(session, client, work.schema, shape.sql, statement)
      } catch (error) {
        const place = placeIn({ migration, step: shape.sql }, statement.start)
        throw migrationFailed(work.schema, { ...place, isOutside: true }, error)
      }
    }
    for (const text of textsAfter(work, migration, shape, part, rows[0]!.path)) await session.query({ text })
    if (!part.isAlone) await commit(session, work, migration, shape, part)
  }
}

/** What a part that is done has set for the session, which is another one by now. */
function settingsIn({ sql: step, parts }: StepShape, done: number): StatementOfPart[] {
  const statements = parts.flatMap((part) => part.statements).filter(({ number }) => number <= done)
  return statements.filter(({ start, end }) => sessionSetting.test(step.text.slice(start, end)))
}

const sessionSetting = /^(?:set\s+(?!(?:local|constraints|transaction)\b)|reset\s)/i

/** Constraints that are checked at the end of a transaction fail there. */
async function commit(
  session: Queryable,
  { schema }: BatchInSchema,
  migration: Migration,
  { sql: step }: StepShape,
  part: StepPart,
): Promise<void> {
  try {
    await session.query({ text: 'commit' })
  } catch (error) {
    throw migrationFailed(schema, { ...placeIn({ migration, step }, part.statements.at(-1)!.start), isOutside: true }, error)
  }
}

/** The parts that are not done. Where the file has other parts than when it stopped, the rest of one goes first. */
function remaining(parts: readonly StepPart[], done: number): StepPart[] {
  return parts.flatMap((part) => {
    const statements = part.statements.filter(({ number }) => number > done)
    return statements.length === 0 ? [] : [{ ...part, statements }]
  })
}

async function runStatement(
  session: Queryable,
  client: Queryable,
  schema: string,
  step: SqlStep,
  { start, end }: StatementOfPart,
): Promise<void> {
  const { concurrentIndex } = statementAt(step, start)
  if (concurrentIndex === null) throw unnamedIndex()
  if (concurrentIndex !== undefined) await dropInvalid(session, schema, concurrentIndex)
  await client.query({ text: step.text.slice(start, end) })
}

/** A function that the part has called may have changed the search path of the session. */
function textsAfter(
  { schema, batch, position }: BatchInSchema,
  { name }: Migration,
  { sql: step }: StepShape,
  part: StepPart,
  path: string,
): string[] {
  const done = part.statements.at(-1)!.number
  const restorePath = `select pg_catalog.set_config('search_path', ${literal(path)}, false)`
  if (batch.direction === 'down') return [restorePath]
  return [restorePath, recordStatementsText(schema, position, { name, checksum: checksumOfDone(step, done) }, done)]
}

function statementAt(step: SqlStep, offset: number): StepStatement {
  return statementsOf(step).find(({ start }) => start >= offset)!
}

async function dropInvalid(session: Queryable, schema: string, index: string): Promise<void> {
  const { rows } = await session.query(invalidIndexSql(schema, index))
  if (rows.length > 0) await session.query({ text: `drop index concurrently ${identifier(schema)}.${identifier(index)}` })
}

async function finishHistory(session: Queryable, work: BatchInSchema, migration: Migration): Promise<void> {
  const { schema, batch, position, appliedAfter, progress } = work
  const row =
    batch.direction === 'up' ? recordStatementsText(schema, position, migration, null) : forgetText(schema, [migration.name])
  await session.query({ text: `begin` })
  await session.query({ text: row })
  await session.query({ text: commentText(schema, digestOf(appliedAfter)) })
  await session.query({ text: forgetPlansText(schema) })
  await progress.through([migration], () => session.query({ text: `commit` }))
}

function invalidIndexSql(schema: string, index: string): Statement {
  return {
    text: `
      select 1 as found
      from pg_catalog.pg_index
      join pg_catalog.pg_class as relation on relation.oid = indexrelid
      join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
      where namespace.nspname = $1::text
        and relation.relname = $2::pg_catalog.name
        and not indisvalid`,
    values: [schema, index],
  }
}
