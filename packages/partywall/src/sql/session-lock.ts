/**
 * The lock that a session of a tenant holds on the name of its schema. Its statements are not bound one by one: after a rename it would reach the tenant that
 * takes the name next. So the name is taken only when no such session is left.
 */
import { literal } from './literal.ts'

/** Does not wait: only sessions hold the lock, and they share it. */
export function sessionLockText(schema: string): string {
  return `select pg_catalog.pg_advisory_lock_shared(${keyOf(literal(schema))});`
}

/** Whether a row of pg_locks is the lock of a session on this schema. @param schema SQL of a text */
export function isSessionLock(held: string, schema: string): string {
  return `${held}.locktype = 'advisory'
        and ${held}.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
        and ${held}.objsubid = 1
        and (${held}.classid::bigint << 32) | ${held}.objid::bigint = ${keyOf(schema)}`
}

function keyOf(schema: string): string {
  return `pg_catalog.hashtextextended('partywall: session of ' || ${schema}, 0)`
}
