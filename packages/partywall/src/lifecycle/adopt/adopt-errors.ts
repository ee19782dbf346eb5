/** Why something was not adopted or released, and what to do. */
import { TenancyError } from '../../errors.ts'
import { isOutOfMemory } from '../../migrations/apply/lock-table.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { AdoptFinding } from './finding.ts'

const mostNamed = 5

export type AdoptCall = 'adopt' | 'release'

/** @param advice what the caller may do */
export function refusal(call: AdoptCall, schema: string, findings: readonly AdoptFinding[], advice: string): TenancyError {
  const shown = findings.slice(0, mostNamed).map(({ sentence }) => sentence)
  const more = findings.length > shown.length ? ` And ${findings.length - shown.length} more.` : ''
  return new TenancyError(
    'ADOPTION_REFUSED',
    `The tenant ${JSON.stringify(schema)} was not ${call === 'adopt' ? 'adopted' : 'released'}, and nothing was changed. ${shown.join(' ')}${more} ${advice}`,
    { details: { schema, findings } },
  )
}

export const adviceOnRefused =
  "Choose the other tables, too; or move what uses them along, with { dependents: 'move' }; or drop these objects first. { plan: true } shows everything."
export const adviceOnWarnings = 'Change this first; or, if you have looked at it, call with { accept: true }.'

export function lockedOut(call: AdoptCall, schema: string, cause: unknown): TenancyError {
  const why = isOutOfMemory(cause)
    ? 'the server had no room for the locks: a transaction locks every table that it moves. Raise max_locks_per_transaction, and restart the server.'
    : 'at every attempt another transaction held a lock on one of the tables, or the objects changed meanwhile. Wait until that transaction has ended, or raise "lockTimeoutMs".'
  return new TenancyError(
    'ADOPTION_REFUSED',
    `The tenant ${JSON.stringify(schema)} was not ${call === 'adopt' ? 'adopted' : 'released'}, and nothing was changed: ${why}`,
    { details: { schema, findings: [] }, cause },
  )
}

export function tenantExists(schema: string): TenancyError {
  return new TenancyError('SCHEMA_EXISTS', `A tenant with the schema ${JSON.stringify(schema)} exists already.`, {
    details: { schema },
  })
}

export function schemaExists(schema: string, cause: unknown): TenancyError {
  return new TenancyError(
    'SCHEMA_EXISTS',
    `The schema ${JSON.stringify(schema)} exists in the database already. To make a tenant of it as it is, adopt it in place: { inPlace: true }. To move tables, ` +
      'choose another name.',
    { details: { schema }, cause },
  )
}

/** The server's words about a missing privilege, with what to grant. */
export function explained(error: unknown, call: AdoptCall, schema: string): unknown {
  return explainPrivilege(
    error,
    `${call} the tenant ${JSON.stringify(schema)}`,
    'Moving a table needs its owner, and a schema in which that role may create: run this as the owner, or give the tables to the role of the option ' +
      '"database.deploy" first: alter table … owner to …;',
  )
}

export function isDuplicate(error: unknown): boolean {
  return ['42P06', '42P07', '42710', '42723', '23505'].includes(sqlStateOf(error) ?? '')
}
