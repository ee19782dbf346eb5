/** A row of a shared table, as a caller names it: the table, its key, and columns of tenants that hold the key without a foreign key. */
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { identifier } from '../../names/identifier.ts'
import { seen } from '../../seen.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'

export type SharedKeyValue = string | number | bigint

export interface SharedRow {
  /** A table of the shared schema, as it is called there, without its schema. */
  readonly table: string
  /** The value of its primary key; an object with a value for each column where the key has several, or where other columns name the row. */
  readonly key: SharedKeyValue | Readonly<Record<string, SharedKeyValue>>
  /** Columns of tenants' tables that hold the primary key of the row without a foreign key. Foreign keys are found. @default none */
  readonly columns?: readonly { readonly table: string; readonly column: string }[] | undefined
}

/** A row that is there. */
export interface FoundRow {
  readonly table: string
  /** The table as SQL. */
  readonly name: string
  readonly oid: string
  readonly primaryKey: readonly string[]
  /** The text of each column, and its type as SQL. */
  readonly columns: ReadonlyMap<string, { readonly type: string; readonly value: string | null }>
  readonly condition: { readonly text: string; readonly values: readonly string[] }
}

const rowKeys = ['table', 'key', 'columns']

/** @throws TenancyError INVALID_ARGUMENT */
export function assertSharedRow(what: string, row: SharedRow, others: readonly string[] = []): void {
  assertKnownKeys(what, row, [...rowKeys, ...others])
  assertName(what, 'table', row.table)
  const { key, columns = [] } = row
  const isObject = typeof key === 'object' && key !== null && !Array.isArray(key) && Object.keys(key).length > 0
  for (const [name, value] of isObject ? Object.entries(key) : [['', key] as const]) {
    if (isObject) assertName(what, 'key', name)
    if (isValue(value)) continue
    throw invalid(
      what,
      'key',
      `must be a text, a number or a bigint, or an object with one for each column; it is ${seen(value)}`,
    )
  }
  if (!Array.isArray(columns)) throw invalid(what, 'columns', 'must be a list of { table, column }')
  for (const given of columns as NonNullable<SharedRow['columns']>) {
    assertKnownKeys(`"columns" of ${what}`, given, ['table', 'column'])
    const { table, column } = given as { readonly table: unknown; readonly column: unknown }
    assertName(what, 'columns', table)
    assertName(what, 'columns', column)
  }
}

function isValue(value: unknown): value is SharedKeyValue {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed()
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))
}

function assertName(what: string, option: string, name: unknown): void {
  if (typeof name === 'string' && name !== '' && !name.includes('\0') && Buffer.byteLength(name) <= 63 && name.isWellFormed())
    return
  throw invalid(what, option, `must have names of 1 to 63 bytes; it has ${seen(name, 'quoted')}`)
}

/**
 * Reads the row. Three statements.
 * @param lock also locks it: no other transaction adds a reference by a foreign key until this one ends
 * @returns undefined when there is no such row
 * @throws TenancyError INVALID_ARGUMENT for a table or a column that is not there, and for a key that names several rows
 */
export async function findRow(
  queryable: Queryable,
  sharedSchema: string,
  { table, key }: SharedRow,
  lock = false,
): Promise<FoundRow | undefined> {
  const [found] = await readJson<TableRow>(queryable, tableSql(sharedSchema, table))
  if (found === undefined)
    throw notThere(`The shared schema ${JSON.stringify(sharedSchema)} has no table ${JSON.stringify(table)}`)
  const given = typeof key === 'object' ? Object.entries(key) : onlyKey(found, table, key)
  const conditions = given.map(([column, value], index) => {
    const type = found.columns[column]
    if (type === undefined) throw notThere(`The table ${JSON.stringify(table)} has no column ${JSON.stringify(column)}`)
    return { text: `shared.${identifier(column)} = $${index + 1}::text::${type}`, value: String(value) }
  })
  const condition = {
    text: conditions.map(({ text }) => text).join(' and '),
    values: conditions.map(({ value }) => value),
  }
  const name = `${identifier(sharedSchema)}.${identifier(table)}`
  const texts = Object.keys(found.columns).map((column) => `shared.${identifier(column)}::text`)
  const { rows } = await queryable.query<{ row: (string | null)[] }>({
    text: `select array[${texts.join(', ')}]::text[] as row from ${name} as shared where ${condition.text} limit 2${lock ? ' for update' : ''}`,
    values: [...condition.values],
  })
  if (rows.length > 1) throw notThere(`The key names several rows of ${JSON.stringify(table)}`)
  const [row] = rows
  if (row === undefined) return undefined
  const columns = new Map(
    Object.entries(found.columns).map(([column, type], at) => [column, { type, value: row.row[at] ?? null }]),
  )
  return { table, name, oid: found.oid, primaryKey: found.primaryKey, columns, condition }
}

interface TableRow {
  readonly oid: string
  readonly columns: Readonly<Record<string, string>>
  readonly primaryKey: readonly string[]
}

function onlyKey({ primaryKey }: TableRow, table: string, key: SharedKeyValue): [string, SharedKeyValue][] {
  const [column, second] = primaryKey
  if (column !== undefined && second === undefined) return [[column, key]]
  throw notThere(
    `The table ${JSON.stringify(table)} has ${column === undefined ? 'no primary key' : 'a primary key of several columns'}, so its row is named by an object: ` +
      'key: { column: value }',
  )
}

function tableSql(schema: string, table: string): Statement {
  return {
    text: `
      select
        class.oid::text as oid,
        (
          select pg_catalog.json_object_agg(attribute.attname, pg_catalog.format_type(attribute.atttypid, attribute.atttypmod) order by attribute.attnum)
          from pg_catalog.pg_attribute as attribute
          where attribute.attrelid = class.oid and attribute.attnum > 0 and not attribute.attisdropped
        ) as columns,
        array(
          select attribute.attname::text
          from pg_catalog.pg_index as key
          cross join lateral pg_catalog.unnest(key.indkey::int2[]) with ordinality as part (number, place)
          join pg_catalog.pg_attribute as attribute on attribute.attrelid = class.oid and attribute.attnum = part.number
          where key.indrelid = class.oid and key.indisprimary
          order by part.place
        ) as "primaryKey"
      from pg_catalog.pg_class as class
      join pg_catalog.pg_namespace as space on space.oid = class.relnamespace
      where space.nspname = $1::name and class.relname = $2::name and class.relkind in ('r', 'p')`,
    values: [schema, table],
  }
}

function notThere(sentence: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `${sentence}.`, { details: { option: 'key', what: 'shared' } })
}

function invalid(what: string, option: string, must: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of ${what} ${must}.`, { details: { option, what } })
}
