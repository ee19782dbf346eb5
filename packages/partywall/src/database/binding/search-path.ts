/**
 * The search path of a binding: one schema, and what follows it. PostgreSQL silently skips a schema of the path that is missing or
 * that the role may not use, and the statement would find the tables of the shared schema. So the value is an expression that checks the
 * schema first, and fails in the same round trip.
 *
 * - The cast to regnamespace fails with 3F000 for a missing schema. It depends on a parameter, so that it is not evaluated before its turn.
 * - The name must lead to the schema that was looked up with the tenant. Otherwise the schema was dropped and made again, or two were swapped,
 *   and the name leads to the rows of another tenant.
 * - In a transaction a session believes what it knows of schemas until it takes a lock; so the expression makes it take one, of a table of the
 *   server that no other statement reads.
 * - `pg_temp` ends the path, so that a temporary table never hides a table of the tenant.
 * - Every name is qualified: in a transaction the expression is read under the tenant's own path, which may hold functions of the same names.
 */
import type { Setting, SettingChecks } from '../boundary/setting.ts'
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'

/** What an error of the server contains, in every language, when a check fails: a schema of this name "does not exist". */
export const noUsageMark = 'partywall: no usage privilege'
export const temporaryMark = 'partywall: temporary tables'
export const changedMark = 'partywall: another schema'

/** An object id that every schema may have: nothing is compared. */
const anySchema = '0'
/** An object id that no schema has, for a tenant whose schema was missing when it was looked up. */
const noSchema = '4294967295'

/**
 * @param behind the schemas after the first one, in order
 * @param oid the object id that the schema must have; null when it had none. Undefined: it may be any
 */
export function searchPath(schema: string, behind: readonly string[], oid?: string | null): Setting {
  const values = [
    identifier(schema),
    [...behind.map(identifier), 'pg_temp'].map((name) => `, ${name}`).join(''),
    oid === undefined ? anySchema : (oid ?? noSchema),
  ] as const
  return {
    name: 'search_path',
    tag: '',
    values,
    literals: () => [literal(values[0]), `${literal(values[1])}::pg_catalog.text`, literal(values[2])],
    expression: checkedPath,
  }
}

function checkedPath(values: readonly string[], { refusesTemporary, inTransaction }: SettingChecks): string {
  const [name, rest, oid] = values as [string, string, string]
  // In a transaction the name is looked up after the lock. Elsewhere when the value is bound: once, which is faster.
  const schema = `${name}${inTransaction ? '::pg_catalog.text' : ''}::pg_catalog.regnamespace`
  const failWhen = (condition: string, mark: string): string =>
    `when ${condition} then ${asText(`('"${mark}"' operator(pg_catalog.||) pg_catalog.left(${rest}, 0))::pg_catalog.regnamespace`)} `
  const isChanged = `${schema}::pg_catalog.oid operator(pg_catalog.<>) ${oid}::pg_catalog.oid and ${oid}::pg_catalog.oid operator(pg_catalog.<>) ${anySchema}`
  return (
    'case ' +
    failWhen(`${inTransaction ? `${hasNews} or ` : ''}not pg_catalog.has_schema_privilege(${schema}, 'usage')`, noUsageMark) +
    failWhen(isChanged, changedMark) +
    (refusesTemporary ? failWhen(mayHaveTemporaryTables, temporaryMark) : '') +
    `else ${asText(schema)} operator(pg_catalog.||) ${rest} end`
  )
}

/** The name of a schema, checked and quoted by PostgreSQL. */
function asText(schema: string): string {
  return `${schema}::pg_catalog.text`
}

/** Never true: it makes the session take a lock, and so learn what other sessions have committed. No statement locks this table. */
const hasNews =
  "pg_catalog.pg_relation_is_updatable('pg_catalog.pg_largeobject_metadata'::pg_catalog.regclass, false) operator(pg_catalog.<) 0"

/** A session that ever had a temporary table keeps the schema for it; to look for tables in it would make each handover slower. */
const mayHaveTemporaryTables = 'pg_catalog.pg_my_temp_schema() operator(pg_catalog.<>) 0'
