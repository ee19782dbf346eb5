/** Statements that give a schema another name. */
import { lockKey } from '../../migrations/apply/guards.ts'
import { identifier } from '../../names/identifier.ts'
import type { Statement } from '../../sql/statement.ts'

/**
 * The limit for waiting, and the locks of migrations of both names. Sorted, so that two moves cannot deadlock.
 */
export function guardNamesSql(schemas: readonly string[], lockTimeoutMs: number): Statement {
  const locks = schemas.toSorted().map((schema) => `pg_catalog.pg_advisory_xact_lock(${lockKey(schema)})`)
  return {
    text: `select pg_catalog.set_config('lock_timeout', $1::text, true), ${locks.join(', ')}`,
    values: [String(lockTimeoutMs)],
  }
}

/** Which of these schemas are in the database. */
export function presentSchemasSql(schemas: readonly string[]): Statement {
  return {
    text: `
      select namespace.nspname::text as schema
      from pg_catalog.pg_namespace as namespace
      where namespace.nspname::text = any ($1::text[])`,
    values: [[...schemas]],
  }
}

export function renameSchemaSql(from: string, to: string): string {
  return `alter schema ${identifier(from)} rename to ${identifier(to)}`
}
