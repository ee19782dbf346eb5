/**
 * What guards a migration of one schema against other deploys: the lock, the check that the schema still has the state that the plan was
 * made from, and the timeouts. In a transaction they are statements in front of the migrations, in the same text; a session outside of
 * transactions gets them one by one.
 */
import { literal } from '../../sql/literal.ts'
import { keptPath } from '../shape/settings.ts'
import { identifier } from '../../names/identifier.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { MigrationTarget, SchemaState } from '../history/schema-state.ts'
import { historyOf, readHistorySql } from '../history/history-sql.ts'
import { identityOf } from '../../tenant-identity.ts'

/** In milliseconds; absent or undefined leaves what the server has. */
export interface MigrationLimits {
  readonly lockTimeoutMs?: number | undefined
  readonly statementTimeoutMs?: number | undefined
}

/** Part of what the server says, in any language, when a guard refuses: that a relation of this name does not exist. */
export const lockedMark = 'partywall: another deploy is migrating this schema'
export const historyChangedMark = 'partywall: the history has moved on'

/**
 * The settings of a migration's transaction, its search path for later, and its lock. The lock is tried, and not waited for: a transaction that waits holds a snapshot,
 * and CREATE INDEX CONCURRENTLY of another deploy, in another schema, would wait for that snapshot in turn.
 */
export function beginText(schema: string, limits: MigrationLimits): string {
  const settings = timeoutsOf(limits).map(([name, millis]) => `pg_catalog.set_config('${name}', '${millis}', true)`)
  const lock = raiseWhen(`not pg_catalog.pg_try_advisory_xact_lock(${lockKey(schema)})`, lockedMark)
  return `select ${[`pg_catalog.set_config('synchronous_commit', 'off', true)`, keptPath, ...settings, lock].join(', ')}`
}

/**
 * Fails when the schema is not the one that the plan was made from: another one has the name, because the tenant was deleted and made again or was restored, or
 * its digest is another one. Null stands for a history without a digest, or none at all.
 */
export function assertPlannedText({ schema, tenant }: MigrationTarget, digest: string | null): string {
  const current = `(
  select description
  from pg_catalog.pg_description
  where objoid = pg_catalog.to_regclass(${literal(historyOf(schema))})
    and classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and objsubid = 0
)`
  const planned = digest === null ? 'null' : literal(digest)
  const oid = tenant === undefined ? undefined : identityOf(tenant)?.schemaOid
  const isOther = typeof oid === 'string' ? `${oidOf(schema)} is distinct from ${literal(oid)} or ` : ''
  return `select ${raiseWhen(`${isOther}${current} is distinct from ${planned}`, historyChangedMark)}`
}

function oidOf(schema: string): string {
  return `pg_catalog.to_regnamespace(${literal(identifier(schema))})::pg_catalog.oid::pg_catalog.text`
}

/**
 * The same guards on a session, for work outside of transactions. The lock is held until `releaseSession`.
 * @throws an error with lockedMark or historyChangedMark in its message
 */
export async function guardSession(
  session: Queryable,
  target: MigrationTarget,
  state: SchemaState,
  limits: MigrationLimits,
): Promise<void> {
  const { schema } = target
  for (const [name, millis] of timeoutsOf(limits)) await session.query(setSql(name, millis))
  const { rows } = await session.query<{ isHeld: boolean }>(trySessionLockSql(schema))
  if (rows[0]?.isHeld !== true) throw new Error(lockedMark)
  await session.query({ text: assertPlannedText(target, state.digest) })
  if (state.hasHistory && state.digest === null) await assertStoppedAlike(session, schema, state)
}

/**
 * Gives the lock back. The end of the connection would do that too, but a server process ends when it has cleaned up, and what comes next in the schema
 * would find the lock taken.
 */
export async function releaseSession(session: Queryable, schema: string): Promise<void> {
  const unlock = (): Promise<unknown> => session.query({ text: `select pg_catalog.pg_advisory_unlock(${lockKey(schema)})` })
  // A statement that failed may have left its transaction open. A connection that is broken has no session any more, and with it no lock.
  await unlock()
    .catch(() => session.query({ text: 'rollback' }).then(unlock))
    .catch(() => {})
}

/** All histories without a digest are equal to the check above: another deploy may have continued since with what stopped here. */
async function assertStoppedAlike(session: Queryable, schema: string, { unfinished }: SchemaState): Promise<void> {
  const { rows } = await session.query<{ checksum: string; statements: number | null }>(readHistorySql(schema))
  const current = rows.find(({ statements }) => statements !== null)
  if (current?.statements !== unfinished?.statements || current?.checksum !== unfinished?.checksum) {
    throw new Error(historyChangedMark)
  }
}

function timeoutsOf({ lockTimeoutMs, statementTimeoutMs }: MigrationLimits): (readonly [name: string, millis: number])[] {
  const timeouts = [
    ['lock_timeout', lockTimeoutMs],
    ['statement_timeout', statementTimeoutMs],
  ] as const
  return timeouts.flatMap(([name, millis]) => (millis === undefined ? [] : [[name, Math.round(millis)] as const]))
}

function setSql(name: string, millis: number): Statement {
  return { text: 'select pg_catalog.set_config($1::text, $2::text, false)', values: [name, String(millis)] }
}

function trySessionLockSql(schema: string): Statement {
  return { text: `select pg_catalog.pg_try_advisory_lock(${lockKey(schema)}) as "isHeld"` }
}

/**
 * SQL has no RAISE outside of functions: a relation that cannot exist is looked up instead. The name is built by an expression, so that
 * PostgreSQL does not look it up before it has evaluated the condition.
 */
function raiseWhen(condition: string, mark: string): string {
  return `case when ${condition} then ('"${mark}"' operator(pg_catalog.||) pg_catalog.left(pg_catalog.current_setting('search_path'), 0))::pg_catalog.regclass end`
}

/** Also what else changes rights in the schema holds this lock: a table that is made meanwhile would not get them. */
export function lockKey(schema: string): string {
  return `pg_catalog.hashtextextended(${literal(`${lockName}${schema}`)}, 0)`
}

/** The same for a schema whose name a statement reads. @param column as SQL */
export function lockKeyOfColumn(column: string): string {
  return `pg_catalog.hashtextextended('${lockName}' operator(pg_catalog.||) ${column}, 0)`
}

const lockName = 'partywall: migrate '
