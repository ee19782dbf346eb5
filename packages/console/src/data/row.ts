/** One row: its values, what refers to it, and a single value of it as a file. */
import { identifier } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import { keyAddress, keyOf } from './address.ts'
import type { ReferencesAnswer, RowAnswer } from './api.ts'
import { cellsOf, cellsSql, textsSql, type CellsRow } from './cells.ts'
import { explained, sqlStateOf } from './explain.ts'
import { Parameters, readRows } from './parameters.ts'
import { reading, type Client, type Place } from './place.ts'
import { Refusal } from './refusal.ts'
import { referencesSql } from './table-sql.ts'
import { columnOf, isBytes, readTable, tableAnswer, type Table } from './table.ts'

/** Characters of a value on the page of its row. */
const longestCell = 20_000
/** Of all values together; a table may have 1600 columns. */
const longestRow = 1_000_000

/** @throws Refusal UNKNOWN_TABLE, UNKNOWN_ROW, NO_RIGHT, TOO_SLOW, TABLE_LOCKED */
export async function readRow(tenancy: AnyTenancy, place: Place, name: string, address: string): Promise<RowAnswer> {
  return atRow(tenancy, place, name, address, (client, table, key) => rowOf(client, table, key))
}

/** @throws Refusal UNKNOWN_ROW */
export async function rowOf(client: Client, table: Table, key: readonly string[]): Promise<RowAnswer> {
  const shown = table.columns.filter(({ mayRead }) => mayRead)
  const parameters = new Parameters()
  const [row] = await readRows<CellsRow & { version: string; keys: string[] }>(
    client,
    `select ${cellsSql(shown, Math.min(longestCell, Math.ceil(longestRow / shown.length)))}, ${versionSql(table)} as version, array[${keyTexts(table)}] as keys
     from ${table.sql} as "row" cross join lateral ${textsSql(shown, true)}
     where ${isRow(table, key, parameters)} limit 1`,
    parameters.values,
  )
  if (row === undefined) throw unknownRow(table)
  const cells = cellsOf(shown, row)
  return {
    table: tableAnswer(table),
    key: keyAddress(row.keys),
    version: row.version,
    cells: Object.fromEntries(shown.map(({ name }, at) => [name, cells[at]!])),
  }
}

/**
 * Each change of a row gives it another one: the transaction that wrote it, or, where the right to read covers some columns only, a hash of their values. Rows of other
 * databases have none, and are not written.
 */
export function versionSql({ kind, mayReadAll, columns }: Table): string {
  if (kind !== 'table' && kind !== 'partitioned table') return `''`
  if (mayReadAll) return `"row".xmin::pg_catalog.text`
  const readable = columns.filter(({ mayRead }) => mayRead).map(({ name }) => `"row".${identifier(name)}`)
  return `pg_catalog.md5(row(${readable.join(', ')})::pg_catalog.text)`
}

/** The values of the key as text: what the address of the row is made of. */
export function keyTexts({ key }: Table): string {
  return key.map(({ name }) => `"row".${identifier(name)}::pg_catalog.text`).join(', ')
}

/** A condition: `row` is the row with this key. */
export function isRow({ key }: Table, values: readonly string[], parameters: Parameters): string {
  return key.map(({ name, cast }, at) => `"row".${identifier(name)} = ${parameters.add(values[at]!, cast)}`).join(' and ')
}

/** @throws Refusal UNKNOWN_ROW */
export function keyFor(table: Table, address: string): string[] {
  const key = keyOf(address)
  if (table.key.some(({ mayRead }) => !mayRead))
    throw new Refusal('NO_RIGHT', `The right to read the primary key of ${JSON.stringify(table.name)} is missing here.`)
  if (key === undefined || table.key.length === 0 || key.length !== table.key.length) throw unknownRow(table)
  return key
}

export function unknownRow({ name }: Pick<Table, 'name'>): Refusal {
  return new Refusal(
    'UNKNOWN_ROW',
    `${JSON.stringify(name)} has no row with this key. It may have been deleted, or the key of the row was changed.`,
  )
}

/** How many rows of a table are counted that refer to a row. */
const mostCounted = 1000
const countLimitMs = 3000

/** @throws Refusal UNKNOWN_TABLE, UNKNOWN_ROW, NO_RIGHT */
export async function readReferences(
  tenancy: AnyTenancy,
  place: Place,
  name: string,
  address: string,
): Promise<ReferencesAnswer> {
  const count = async (client: Client, table: Table, key: readonly string[]): Promise<ReferencesAnswer> => {
    const links = await readRows<{ table: string; columns: string[]; toColumns: string[] }>(client, referencesSql, [table.oid])
    const known = links.filter(({ toColumns }) => toColumns.every((column) => columnOf(table, column).mayRead))
    if (known.length === 0) return { references: [] }
    const valuesOf = known.map(
      ({ toColumns }) => `array[${toColumns.map((column) => `"row".${identifier(column)}::pg_catalog.text`).join(', ')}]`,
    )
    const counts = known.map(({ table: other, columns, toColumns }) => {
      const same = columns.map((column, at) => `part.${identifier(column)} = "row".${identifier(toColumns[at]!)}`)
      return `(select pg_catalog.count(*) from (select from ${identifier(place.schema)}.${identifier(other)} as part where ${same.join(' and ')} limit ${mostCounted + 1}) as found)`
    })
    const answer = async (counting: readonly string[]) => {
      const parameters = new Parameters()
      const [row] = await readRows<{ values: { values: (string | null)[] }[]; counts: (number | null)[] }>(
        client,
        `select pg_catalog.to_json(array[${valuesOf.map((one) => `pg_catalog.json_build_object('values', ${one})`).join(', ')}]) as values,
           array[${counting.join(', ')}]::pg_catalog.int8[] as counts
         from ${table.sql} as "row" where ${isRow(table, key, parameters)} limit 1`,
        parameters.values,
      )
      if (row === undefined) throw unknownRow(table)
      return row
    }
    await client.query('savepoint counting')
    const row = await answer(counts).catch(async (error: unknown) => {
      if (!isTimeout(error)) throw error
      await client.query('rollback to savepoint counting')
      return answer(known.map(() => 'null'))
    })
    const references = known.flatMap(({ table: other, columns }, at) => {
      const values = row.values[at]!.values
      const rows = row.counts[at] ?? undefined
      if (values.includes(null)) return []
      const counted =
        rows === undefined ? {} : { rows: Math.min(rows, mostCounted), ...(rows > mostCounted && { isMore: true as const }) }
      return [{ table: other, columns, values: values as string[], ...counted }]
    })
    return { references }
  }
  return atRow(tenancy, place, name, address, count, countLimitMs)
}

function isTimeout(error: unknown): boolean {
  return ['57014', '55P03'].includes(sqlStateOf(error) ?? '')
}

export interface Download {
  readonly bytes: Buffer
  readonly isText: boolean
}

/** Bytes of a value that can be downloaded. */
const mostDownloaded = 16 * 2 ** 20

/** @throws Refusal UNKNOWN_TABLE, UNKNOWN_ROW, UNKNOWN_COLUMN, TOO_LARGE, NO_RIGHT */
export async function readValue(
  tenancy: AnyTenancy,
  place: Place,
  name: string,
  address: string,
  column: string,
): Promise<Download> {
  return atRow(tenancy, place, name, address, async (client, table, key) => {
    const wanted = columnOf(table, column)
    if (!wanted.mayRead) throw new Refusal('NO_RIGHT', `The right to read the column ${JSON.stringify(column)} is missing here.`)
    const value = `"row".${identifier(column)}`
    const isText = !isBytes(wanted)
    const bytes = isText ? `${value}::pg_catalog.text` : value
    const parameters = new Parameters()
    const isThis = isRow(table, key, parameters)
    const [size] = await readRows<{ bytes: number | null }>(
      client,
      `select pg_catalog.octet_length(${bytes}) as bytes from ${table.sql} as "row" where ${isThis} limit 1`,
      parameters.values,
    )
    if (size === undefined || size.bytes === null) throw unknownRow(table)
    if (size.bytes > mostDownloaded)
      throw new Refusal('TOO_LARGE', `The value has ${size.bytes} bytes, and the console gives at most ${mostDownloaded}.`)
    const [row] = await readRows<{ value: string }>(
      client,
      `select ${isText ? bytes : `pg_catalog.encode(${value}, 'base64')`} as value from ${table.sql} as "row" where ${isThis} limit 1`,
      parameters.values,
    )
    return { bytes: Buffer.from(row?.value ?? '', isText ? 'utf8' : 'base64'), isText }
  })
}

/** A key that its columns cannot have is the key of no row. */
async function atRow<T>(
  tenancy: AnyTenancy,
  place: Place,
  name: string,
  address: string,
  work: (client: Client, table: Table, key: readonly string[]) => Promise<T>,
  limitMs?: number,
): Promise<T> {
  let table: Table | undefined
  try {
    const found = async (client: Client): Promise<T> => {
      table = await readTable(client, place, name)
      return work(client, table, keyFor(table, address))
    }
    return await reading(tenancy, place, found, limitMs)
  } catch (error) {
    if (table !== undefined && sqlStateOf(error)?.startsWith('22')) throw unknownRow(table)
    throw await explained(error, { tenancy, table })
  }
}
