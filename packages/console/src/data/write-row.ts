/**
 * Creates, changes and deletes a row. A change names the version of the row that its author saw: the statement itself compares it, so a change in between is never
 * overwritten. Names come from the catalogs, values are parameters.
 */
import { identifier } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import { keyAddress, keyOf } from './address.ts'
import type { GivenValue, NewRow, RowChange, SavedAnswer } from './api.ts'
import { explained, type TypedValue } from './explain.ts'
import { Parameters } from './parameters.ts'
import { writing, type Client, type Place } from './place.ts'
import { recordWrite, type Write } from './record.ts'
import { Refusal, rowChanged } from './refusal.ts'
import { isRow, keyFor, keyTexts, rowOf, unknownRow, versionSql } from './row.ts'
import { columnOf, isBytes, readOnlyReason, readTable, tableAnswer, type Column, type Table } from './table.ts'

/** @throws Refusal READ_ONLY, ROW_REFUSED, UNKNOWN_COLUMN, NO_RIGHT, TABLE_LOCKED, TOO_SLOW */
export async function createRow(tenancy: AnyTenancy, place: Place, name: string, { values }: NewRow): Promise<SavedAnswer> {
  return atTable(tenancy, place, { action: 'row.created', table: name }, values, async (client, table) => {
    const parameters = new Parameters()
    const given = once(values).map(([column, value]) => ({ column: writable(table, column, 'mayInsert'), value }))
    const columns = given.map(({ column }) => identifier(column.name)).join(', ')
    const items = given.map(({ column, value }) => valueSql(column, value, parameters)).join(', ')
    const what = given.length === 0 ? 'default values' : `(${columns}) values (${items})`
    const rows = await changed(
      client,
      `insert into ${table.sql} as "row" ${what} returning array[${keyTexts(table)}] as keys`,
      parameters,
    )
    return savedOf(table, rows)
  })
}

/** @throws Refusal ROW_CHANGED, UNKNOWN_ROW, READ_ONLY, ROW_REFUSED, UNKNOWN_COLUMN, NO_RIGHT, TABLE_LOCKED, TOO_SLOW */
export async function changeRow(
  tenancy: AnyTenancy,
  place: Place,
  name: string,
  address: string,
  { version, values }: RowChange,
): Promise<SavedAnswer> {
  return atTable(tenancy, place, { action: 'row.changed', table: name, key: address }, values, async (client, table) => {
    const key = keyFor(table, address)
    const parameters = new Parameters()
    const set = once(values).map(([column, value]) => {
      const found = writable(table, column, 'mayUpdate')
      return `${identifier(found.name)} = ${valueSql(found, value, parameters)}`
    })
    if (set.length === 0) throw new Refusal('ROW_REFUSED', 'No value was changed.')
    const condition = isVersion(table, key, version, parameters)
    const rows = await changed(
      client,
      `update ${table.sql} as "row" set ${set.join(', ')} where ${condition} returning array[${keyTexts(table)}] as keys`,
      parameters,
    )
    if (rows.length === 0) throw await missed(client, table, key)
    return savedOf(table, rows)
  })
}

/** @throws Refusal ROW_CHANGED, UNKNOWN_ROW, READ_ONLY, ROW_REFUSED, NO_RIGHT, TABLE_LOCKED, TOO_SLOW */
export async function deleteRow(
  tenancy: AnyTenancy,
  place: Place,
  name: string,
  address: string,
  version: string,
): Promise<void> {
  await atTable(tenancy, place, { action: 'row.deleted', table: name, key: address }, [], async (client, table) => {
    if (!tableAnswer(table).mayDelete)
      throw new Refusal('NO_RIGHT', `The right to delete rows of ${JSON.stringify(name)} is missing here.`)
    const key = keyFor(table, address)
    const parameters = new Parameters()
    const condition = isVersion(table, key, version, parameters)
    const rows = await changed(
      client,
      `delete from ${table.sql} as "row" where ${condition} returning array[${keyTexts(table)}] as keys`,
      parameters,
    )
    if (rows.length === 0) throw await missed(client, table, key)
    savedOf(table, rows)
  })
}

async function atTable<T>(
  tenancy: AnyTenancy,
  place: Place,
  write: Write,
  values: NewRow['values'],
  work: (client: Client, table: Table) => Promise<T>,
): Promise<T> {
  if (place.answer.readOnly !== undefined) throw new Refusal('READ_ONLY', place.answer.readOnly)
  if (write.table === '' || (write.key !== undefined && keyOf(write.key) === undefined)) throw unknownRow({ name: write.table })
  await recordWrite(tenancy, place, { ...write, columns: values.map(([column]) => column) })
  let table: Table | undefined
  try {
    return await writing(tenancy, place, async (client) => {
      table = await readTable(client, place, write.table)
      const reason = readOnlyReason(table)
      if (reason !== undefined) throw new Refusal('READ_ONLY', reason)
      return work(client, table)
    })
  } catch (error) {
    throw await explained(error, { tenancy, table, values: table === undefined ? [] : typedValues(table, values) })
  }
}

function typedValues(table: Table, values: NewRow['values']): TypedValue[] {
  return values.flatMap(([name, value]) => {
    const column = table.columns.find((one) => one.name === name)
    return typeof value === 'string' && column !== undefined ? [{ column, value }] : []
  })
}

function once(values: NewRow['values']): NewRow['values'] {
  const names = values.map(([name]) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice === undefined) return values
  throw refusedField(twice, 'It is given twice.')
}

function writable(table: Table, name: string, right: 'mayInsert' | 'mayUpdate'): Column {
  const column = columnOf(table, name)
  if (column.isGenerated || column.identity === 'a') throw refusedField(name, 'The server makes this value.')
  if (!column[right]) throw new Refusal('NO_RIGHT', `The right to write the column ${JSON.stringify(name)} is missing here.`)
  return column
}

function valueSql(column: Column, value: GivenValue, parameters: Parameters): string {
  if (value === null || typeof value === 'string') {
    if (value !== null && isBytes(column)) throw refusedField(column.name, 'Bytes are given as a file.')
    if (value?.includes('\0') || value?.isWellFormed() === false)
      throw refusedField(column.name, 'It has a character that PostgreSQL cannot store.')
    return parameters.add(value, column.cast)
  }
  if (!isBytes(column)) throw refusedField(column.name, `Values of ${column.type} are given as text.`)
  return `pg_catalog.decode(${parameters.add(value.base64, 'pg_catalog.text')}, 'base64')`
}

function refusedField(name: string, sentence: string): Refusal {
  return new Refusal('ROW_REFUSED', `${JSON.stringify(name)}: ${sentence}`, { fields: { [name]: sentence } })
}

function isVersion(table: Table, key: readonly string[], version: string, parameters: Parameters): string {
  return `${isRow(table, key, parameters)} and ${versionSql(table)} = ${parameters.add(version, 'pg_catalog.text')}`
}

/** A statement that changes rows cannot stand in a FROM, so its rows are read from a WITH. */
function changed(client: Client, statement: string, { values }: Parameters): Promise<{ keys: string[] }[]> {
  return client
    .query({
      text: `with changed as (${statement}) select pg_catalog.to_json(keys)::pg_catalog.text as keys from changed`,
      values,
    })
    .then(({ rows }) => (rows as { keys: string }[]).map(({ keys }) => ({ keys: JSON.parse(keys) as string[] })))
}

function savedOf(table: Table, rows: readonly { readonly keys: string[] }[]): SavedAnswer {
  const [row, other] = rows
  if (row !== undefined && other === undefined) return { key: keyAddress(row.keys) }
  // A rule or a trigger of the table took another way, or a table that inherits from it has the same key.
  throw new Refusal('ROW_REFUSED', `${JSON.stringify(table.name)} did not change exactly one row, so nothing was kept.`)
}

/** The row was changed, is gone, or may be seen but not changed. */
async function missed(client: Client, table: Table, key: readonly string[]): Promise<Refusal> {
  try {
    return rowChanged(await rowOf(client, table, key))
  } catch (error) {
    return error instanceof Refusal ? error : unknownRow(table)
  }
}
