/**
 * The search path of a binding: one schema, and what follows it. PostgreSQL silently skips a schema of the path that is missing or
 * that the role may not use, and the statement would find the tables of the shared schema. So the value is an expression that checks the
 * schema first, and fails in the same round trip.
 *
 * - The cast to regnamespace fails with 3F000 for a missing schema. It depends on a parameter, so that it is not evaluated before its turn.
 * - `pg_temp` ends the path, so that a temporary table never hides a table of the tenant.
 * - Every name is qualified: in a transaction the expression is read under the tenant's own path, which may hold functions of the same names.
 */
import type { Setting, SettingChecks } from '../boundary/setting.ts'
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'

/** What an error of the server contains, in every language, when a check fails: a schema of this name "does not exist". */
export const noUsageMark = 'partywall: no usage privilege'
export const temporaryMark = 'partywall: temporary tables'

/** @param behind the schemas after the first one, in order */
export function searchPath(schema: string, behind: readonly string[]): Setting {
  const values = [identifier(schema), [...behind.map(identifier), 'pg_temp'].map((name) => `, ${name}`).join('')] as const
  return {
    name: 'search_path',
    tag: '',
    values,
    literals: () => [literal(values[0]), `${literal(values[1])}::pg_catalog.text`],
    expression: checkedPath,
  }
}

function checkedPath(values: readonly string[], { refusesTemporary }: SettingChecks): string {
  const [schema, rest] = values as [string, string]
  const failWhen = (condition: string, mark: string): string =>
    `when ${condition} then ${asText(`('"${mark}"' operator(pg_catalog.||) pg_catalog.left(${rest}, 0))`)} `
  return (
    'case ' +
    failWhen(`not pg_catalog.has_schema_privilege(${schema}::pg_catalog.regnamespace, 'usage')`, noUsageMark) +
    (refusesTemporary ? failWhen(mayHaveTemporaryTables, temporaryMark) : '') +
    `else ${asText(schema)} operator(pg_catalog.||) ${rest} end`
  )
}

/** A session that ever had a temporary table keeps the schema for it; to look for tables in it would make each handover slower. */
const mayHaveTemporaryTables = 'pg_catalog.pg_my_temp_schema() operator(pg_catalog.<>) 0'

/** The name of a schema, checked and quoted by PostgreSQL. */
function asText(name: string): string {
  return `${name}::pg_catalog.regnamespace::pg_catalog.text`
}
