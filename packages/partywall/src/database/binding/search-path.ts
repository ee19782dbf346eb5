/**
 * The search path of a binding: one schema, and what follows it. PostgreSQL silently skips a schema of the path that is missing or
 * that the role may not use, and the statement would find the tables of the shared schema. So the value is an expression that checks the
 * schema first, and fails in the same round trip.
 *
 * - The cast to regnamespace fails with 3F000 for a missing schema. It depends on a parameter, so that it is not evaluated before its turn.
 * - The name must lead to the schema that was looked up with the tenant. Otherwise the schema was dropped and made again, or two were swapped,
 *   and the name leads to the rows of another tenant.
 * - In a transaction a session uses its cache of schemas until it takes a lock. So the expression makes it take one, of a table of the server
 *   that no other statement reads.
 * - Whether the schema may be used is asked for the role that the statement will run as: the connection has not taken it yet.
 * - Where a check fails, the value is one that cannot be set: its quotation mark is not closed.
 * - `pg_temp` ends the path, so that a temporary table never hides a table of the tenant.
 * - Every name is qualified: in a transaction the expression is read under the tenant's own path, which may hold functions of the same names.
 *
 * The server prepares to evaluate each part of the expression with every statement, so it has as few parts as possible.
 */
import type { Setting, SettingChecks } from '../boundary/setting.ts'
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'

/** The server's error contains the value that cannot be set, in every language. */
const noUsageMark = 'partywall: no usage privilege'
const temporaryMark = 'partywall: temporary tables'
const changedMark = 'partywall: another schema'

/** An object id that no schema has, for a tenant whose schema was missing when it was looked up. */
const noSchema = '4294967295'

/**
 * @param behind the schemas after the first one, in order
 * @param oid the object id that the schema must have; null when it had none. Undefined: it may be any
 * @param role the role that must be allowed to use the schema. Undefined: the one that the connection has
 */
export function searchPath(schema: string, behind: readonly string[], oid?: string | null, role?: string): Setting {
  const name = identifier(schema)
  const path = [name, ...behind.map(identifier), 'pg_temp'].join(', ')
  const hasOid = oid !== undefined
  const values = [name, path, ...(hasOid ? [oid ?? noSchema] : []), ...(role === undefined ? [] : [role])]
  return {
    name: 'search_path',
    tag: `${hasOid ? '' : 'any'}${role === undefined ? '' : 'for'}`,
    values,
    literals: () => values.map(literal),
    expression: ([given, whole, ...rest], checks) =>
      checkedPath(
        { name: given!, path: whole!, oid: hasOid ? rest[0] : undefined, role: role === undefined ? undefined : rest.at(-1) },
        checks,
      ),
  }
}

/** The values as SQL: parameters or literals. */
interface PathValues {
  readonly name: string
  readonly path: string
  readonly oid: string | undefined
  readonly role: string | undefined
}

function checkedPath({ name, path, oid, role }: PathValues, { refusesTemporary, inTransaction }: SettingChecks): string {
  // In a transaction the name is looked up after the lock. Elsewhere when the value is bound: once, which is faster.
  const schema = `${name}${inTransaction ? '::pg_catalog.text' : ''}::pg_catalog.regnamespace::pg_catalog.oid`
  const checks = [
    ...(inTransaction ? [[hasNews, noUsageMark]] : []),
    ...(oid === undefined ? [] : [[`${schema} operator(pg_catalog.<>) ${oid}::pg_catalog.oid`, changedMark]]),
    [
      `not pg_catalog.has_schema_privilege(${role === undefined ? '' : `${role}::pg_catalog.name, `}${schema}, 'usage')`,
      noUsageMark,
    ],
    ...(refusesTemporary ? [[mayHaveTemporaryTables, temporaryMark]] : []),
  ]
  const failures = checks.map(([isFailed, mark]) => `when ${isFailed} then '"${mark}' `)
  return `case ${failures.join('')}else ${path} end`
}

/** Never true: it makes the session take a lock, and so learn what other sessions have committed. No statement locks this table. */
const hasNews =
  "pg_catalog.pg_relation_is_updatable('pg_catalog.pg_largeobject_metadata'::pg_catalog.regclass, false) operator(pg_catalog.<) 0"

/** A session that ever had a temporary table keeps the schema for it; to look for tables in it would make each handover slower. */
const mayHaveTemporaryTables = 'pg_catalog.pg_my_temp_schema() operator(pg_catalog.<>) 0'

/** What a binding was refused for; undefined for any other error. */
export type Refusal = 'missing' | 'changed' | 'no usage' | 'temporary tables' | 'role missing' | 'role denied'

/** Of an error of the binding statement, in any language of the server. */
export function refusedFor({ code, message }: { readonly code: string; readonly message: string }): Refusal | undefined {
  if (code === '3F000') return 'missing'
  // The role of a tenant is looked up by a function; a fixed role by the setting itself, whose message has the value.
  if (code === '42704') return 'role missing'
  // The connection may not take the role, or may not call set_config, because its session has another role already.
  if (code === '42501') return 'role denied'
  if (code !== '22023') return undefined
  if (message.includes(changedMark)) return 'changed'
  if (message.includes(noUsageMark)) return 'no usage'
  if (message.includes(temporaryMark)) return 'temporary tables'
  return message.includes('"partywall_') ? 'role missing' : undefined
}
