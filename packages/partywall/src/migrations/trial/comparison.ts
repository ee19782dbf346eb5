/** Compares the tenants of a trial with the plain database, and what is outside of them with what was there before. */
import { compareBlueprints } from '../../blueprint/compare-blueprints.ts'
import type { Blueprint } from '../../blueprint/blueprint.ts'
import type { DatabaseObject } from '../../blueprint/database-object.ts'
import { compareDatabaseObjects, readDatabaseObjects } from '../../blueprint/read-database-objects.ts'
import { readBlueprint } from '../../blueprint/read-blueprint.ts'
import { catalogSchema } from '../../names/identifier.ts'
import type { Queryable } from '../../sql/statement.ts'
import { allNamesSql } from '../review/names-sql.ts'
import { comparablePlain, comparableTenant, tablesOf, type SharedNames } from './comparable.ts'
import { rowCountsSql } from './scratch-sql.ts'

/** What the migrations have made on the plain database. */
export interface PlainResult {
  readonly before: Blueprint
  readonly after: Blueprint
  readonly rows: ReadonlyMap<string, string>
}

/** @param before the structure of `public` before the migrations */
export async function readPlainResult(queryable: Queryable, before: Blueprint): Promise<PlainResult> {
  const after = await readBlueprint(queryable, 'public')
  const known = new Set(tablesOf(before))
  const tables = tablesOf(after).filter((table) => !known.has(table))
  return { before, after, rows: await countRows(queryable, 'public', tables) }
}

export interface TrialDifference {
  /** The property of the object that differs, such as `column books.id: default`. */
  readonly what: string
  readonly sentence: string
}

/** What is not in the tenant as on the plain database. */
export async function differencesOf(
  queryable: Queryable,
  schema: string,
  plain: PlainResult,
  shared: SharedNames,
): Promise<TrialDifference[]> {
  const blueprint = await readBlueprint(queryable, schema)
  const tenant = comparableTenant(blueprint, shared, schema)
  return differencesBetween(plain, tenant, await countRows(queryable, schema, tablesOf(blueprint)), shared)
}

/** What differs between two plain databases on which the same migrations ran: random values, times, and the like. */
export function unstableIn(first: PlainResult, second: PlainResult, shared: SharedNames): string[] {
  const other = comparablePlain(second.after, second.before, shared)
  return differencesBetween(first, other, second.rows, shared).map(({ what }) => what)
}

function differencesBetween(
  plain: PlainResult,
  other: Blueprint,
  rows: ReadonlyMap<string, string>,
  shared: SharedNames,
): TrialDifference[] {
  const differences = compareBlueprints(comparablePlain(plain.after, plain.before, shared), other).map(
    ({ kind, name, property, sentence }): TrialDifference => ({
      what: `${kind} ${name}${property === null ? '' : `: ${property}`}`,
      sentence,
    }),
  )
  for (const [table, count] of rows) {
    const expected = plain.rows.get(table)
    if (expected !== undefined && expected !== count)
      differences.push({
        what: `table ${table}: rows`,
        sentence: `The table ${table} has ${rowsOf(count)} and should have ${expected}.`,
      })
  }
  return differences
}

export interface Surroundings {
  readonly objects: readonly DatabaseObject[]
  readonly rows: ReadonlyMap<string, string>
}

/** What is outside of the tenants. @param shared the schemas beside the tenants whose rows are counted */
export async function readSurroundings(
  queryable: Queryable,
  tenants: readonly string[],
  shared: readonly string[],
): Promise<Surroundings> {
  const objects = await readDatabaseObjects(queryable, [...tenants, catalogSchema])
  const rows = new Map<string, string>()
  for (const schema of shared) {
    const tables = objects.flatMap((object) => (object.schema === schema && object.kind === 'table' ? [object.name] : []))
    for (const [table, count] of await countRows(queryable, schema, tables)) rows.set(`${schema}.${table}`, count)
  }
  return { objects, rows }
}

/** A sentence for each change. Roles belong to the whole server, where others work at the same time. */
export function changesOutside(before: Surroundings, after: Surroundings): string[] {
  const changes = compareDatabaseObjects(before.objects, after.objects).filter(({ kind }) => kind !== 'role')
  const rows = [...after.rows].flatMap(([table, count]) => {
    const was = before.rows.get(table)
    return was === undefined || was === count ? [] : [`The table ${table} has ${rowsOf(count)} and had ${was} before.`]
  })
  return [
    ...changes.map(
      ({ change, kind, schema, name }) => `The ${kind} ${schema === null ? name : `${schema}.${name}`} was ${change}.`,
    ),
    ...rows,
  ]
}

/** The names that these schemas have. */
export async function readSharedNames(queryable: Queryable, schemas: readonly string[]): Promise<SharedNames> {
  const bySchema = new Map<string, ReadonlySet<string>>()
  for (const schema of schemas) {
    const { rows } = await queryable.query<{ name: string }>(allNamesSql(schema))
    bySchema.set(schema, new Set(rows.map(({ name }) => name)))
  }
  return { bySchema }
}

async function countRows(queryable: Queryable, schema: string, tables: readonly string[]): Promise<Map<string, string>> {
  if (tables.length === 0) return new Map()
  const { rows } = await queryable.query<{ name: string; count: string }>(rowCountsSql(tables.map((table) => [schema, table])))
  return new Map(rows.map(({ name, count }) => [name, count]))
}

function rowsOf(count: string): string {
  return count === '1' ? '1 row' : `${count} rows`
}
