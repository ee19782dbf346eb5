/** Statements about schemas as such. Their names are looked up in the catalogs of PostgreSQL, so the search path plays no part. */
import { identifier } from '../names/identifier.ts'
import type { Statement } from './statement.ts'

export function createSchemaSql(schema: string): Statement {
  return { text: `create schema ${identifier(schema)}` }
}

/** The schema and all that is in it. */
export function dropSchemaSql(schema: string): Statement {
  return { text: `drop schema ${identifier(schema)} cascade` }
}

/** One row when the schema is there, none when it is not. */
export function schemaExistsSql(schema: string): Statement {
  return {
    text: `
      select namespace.nspname::text as schema
      from pg_catalog.pg_namespace as namespace
      where namespace.nspname = $1::text`,
    values: [schema],
  }
}

/** Waits until no other transaction holds this lock; it is given back when the transaction ends, whatever its end. */
export function transactionLockSql(name: string): Statement {
  return { text: 'select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1::text, 0))', values: [name] }
}

/** The same lock, held by many at a time: it keeps out only those who take it whole. */
export function sharedTransactionLockSql(name: string): Statement {
  return { text: 'select pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended($1::text, 0))', values: [name] }
}
