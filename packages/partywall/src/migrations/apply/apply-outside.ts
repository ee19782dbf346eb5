/**
 * A migration outside of transactions: CREATE INDEX CONCURRENTLY and its like. Each statement is done and written down by itself, on a
 * session of its own, so a migration that stopped in the middle goes on there. An index that PostgreSQL left invalid when it could
 * not finish it is dropped before it is made again.
 */
import type { Connections } from '../../ports/database.ts'
import { identifier } from '../../names/identifier.ts'
import { splitStatements, type SqlStatement } from '../../sql/lexer.ts'
import { sql } from '../../sql/sql.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { MigrationTarget, SchemaState } from '../history/schema-state.ts'
import { afterBatch, lineIn, stepOf, type Batch } from '../plan/changes.ts'
import { concurrentIndex, unnamedIndex } from '../plan/concurrent-index.ts'
import { digestOf } from '../history/digest.ts'
import { migrationFailed } from './failure.ts'
import {
  assertDigestText,
  commentText,
  createHistoryText,
  forgetText,
  lockedMark,
  movedMark,
  readHistorySql,
  recordStatementsText,
  recordText,
  trySessionLockSql,
  type TransactionLimits,
} from '../history/history-sql.ts'
import { MigrationSession } from './migration-session.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { checksumOfDone } from '../history/unfinished.ts'

export async function applyOutside(
  connections: Connections,
  target: MigrationTarget,
  state: SchemaState,
  batch: Batch,
  limits: TransactionLimits,
): Promise<void> {
  const [migration] = batch.migrations as [Migration]
  const { schema } = target
  await connections.session(schema, async (session) => {
    await lock(session, schema, limits)
    await session.query({ text: assertDigestText(schema, state.digest) })
    if (state.hasHistory && state.digest === null) await assertStopped(session, schema, state)
    await prepare(session, schema, state)
    const step = stepOf(migration, batch.direction)
    const position = state.applied.length + (state.toAdopt?.length ?? 0) + 1
    if (step.kind === 'code') {
      await MigrationSession.use(session, async (client) => step.run({ client, tenant: target.tenant, sql })).catch((error) => {
        throw migrationFailed(schema, { migration }, error)
      })
    } else {
      const statements = splitStatements(step.text)
      for (let index = state.unfinished?.statements ?? 0; index < statements.length; index++) {
        await runStatement(session, target, migration, step, statements[index]!)
        if (batch.direction === 'up') {
          const done = { name: migration.name, checksum: checksumOfDone(step.text, index + 1) }
          await session.query({ text: recordStatementsText(schema, position, done, index + 1) })
        }
      }
    }
    await finish(session, schema, state, batch, position)
  })
}

/** All histories without a digest look alike to its check: another deploy may have gone on since with what stopped here. */
async function assertStopped(session: Queryable, schema: string, { unfinished }: SchemaState): Promise<void> {
  const { rows } = await session.query<{ checksum: string; statements: number | null }>(readHistorySql(schema))
  const now = rows.find(({ statements }) => statements !== null)
  if (now?.statements !== unfinished?.statements || now?.checksum !== unfinished?.checksum) throw new Error(movedMark)
}

/** The history is made and its digest taken away: who finds it in the middle reads the rows. */
async function prepare(session: Queryable, schema: string, { hasHistory, applied, toAdopt = [] }: SchemaState): Promise<void> {
  if (!hasHistory) await session.query({ text: createHistoryText(schema) })
  if (toAdopt.length > 0) await session.query({ text: recordText(schema, applied.length + 1, toAdopt) })
  await session.query({ text: commentText(schema, null) })
}

async function finish(session: Queryable, schema: string, state: SchemaState, batch: Batch, position: number): Promise<void> {
  const [migration] = batch.migrations as [Migration]
  const applied = afterBatch([...state.applied, ...(state.toAdopt ?? [])], batch)
  const row =
    batch.direction === 'up' ? recordStatementsText(schema, position, migration, null) : forgetText(schema, [migration.name])
  await session.query({ text: `begin` })
  await session.query({ text: row })
  await session.query({ text: commentText(schema, digestOf(applied)) })
  await session.query({ text: `commit` })
}

async function runStatement(
  session: Queryable,
  { schema }: MigrationTarget,
  migration: Migration,
  step: { readonly text: string; readonly line: number },
  statement: SqlStatement,
): Promise<void> {
  const text = step.text.slice(statement.start, statement.end)
  try {
    const index = concurrentIndex(statement)
    // Planned and refused before; a tenant that came during the run is planned later.
    if (index === null) throw unnamedIndex()
    if (index !== undefined) await dropInvalid(session, schema, index)
    await session.query({ text })
  } catch (error) {
    const line = lineIn(step, statement.start)
    throw migrationFailed(schema, { migration, line, statement: text.replaceAll(/\s+/g, ' ').slice(0, 200) }, error)
  }
}

async function dropInvalid(session: Queryable, schema: string, index: string): Promise<void> {
  const { rows } = await session.query(invalidIndexSql(schema, index))
  if (rows.length > 0) await session.query({ text: `drop index concurrently ${identifier(schema)}.${identifier(index)}` })
}

/** The lock is tried, for who waits for it in a transaction would be waited for by CREATE INDEX CONCURRENTLY. It ends with the session. */
async function lock(session: Queryable, schema: string, { lockTimeoutMs, statementTimeoutMs }: TransactionLimits): Promise<void> {
  for (const [name, millis] of [
    ['lock_timeout', lockTimeoutMs],
    ['statement_timeout', statementTimeoutMs],
  ] as const) {
    if (millis !== undefined) await session.query(setSql(name, millis))
  }
  const { rows } = await session.query<{ isHeld: boolean }>(trySessionLockSql(schema))
  if (rows[0]?.isHeld !== true) throw new Error(lockedMark)
}

function setSql(name: 'lock_timeout' | 'statement_timeout', millis: number): Statement {
  return { text: 'select pg_catalog.set_config($1::text, $2::text, false)', values: [name, String(Math.round(millis))] }
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
