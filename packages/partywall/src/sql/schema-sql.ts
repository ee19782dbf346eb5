/** Statements about whole schemas. They name the schema, so the search path does not matter. */
import { identifier } from '../names/identifier.ts'
import type { Statement } from './statement.ts'

export function createSchemaSql(schema: string): Statement {
  return { text: `create schema ${identifier(schema)}` }
}

/** Drops the schema and everything in it. */
export function dropSchemaSql(schema: string): Statement {
  return { text: `drop schema ${identifier(schema)} cascade` }
}

/** One row when the schema exists, none when it does not. */
export function schemaExistsSql(schema: string): Statement {
  return {
    text: `
      select namespace.nspname::text as schema
      from pg_catalog.pg_namespace as namespace
      where namespace.nspname = $1::text`,
    values: [schema],
  }
}

/** Waits until no other transaction holds this lock; it is released when the transaction ends. */
export function transactionLockSql(name: string): Statement {
  return { text: 'select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1::text, 0))', values: [name] }
}

/** The same lock in shared mode: many transactions may hold it at a time, and none may hold the exclusive one meanwhile. */
export function sharedTransactionLockSql(name: string): Statement {
  return { text: 'select pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended($1::text, 0))', values: [name] }
}
