/** Rows that a foreign key may lead to: their keys, each with a text that people know the row by. */
import { identifier } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { ChoicesAnswer } from './api.ts'
import { explained } from './explain.ts'
import { Parameters, readRows } from './parameters.ts'
import { reading, type Client, type Place } from './place.ts'
import { Refusal } from './refusal.ts'
import { columnOf, kindOfColumn, readTable, type Column, type Table } from './table.ts'

const mostChoices = 20
const longestLabel = 80
const limitMs = 2000

/**
 * @param column what the foreign key leads to
 * @throws Refusal UNKNOWN_TABLE, UNKNOWN_COLUMN, NO_RIGHT, TOO_SLOW
 */
export async function findChoices(
  tenancy: AnyTenancy,
  place: Place,
  name: string,
  column: string,
  search: string,
): Promise<ChoicesAnswer> {
  let table: Table | undefined
  const find = async (client: Client): Promise<ChoicesAnswer> => {
    table = await readTable(client, place, name)
    const wanted = columnOf(table, column)
    if (!wanted.mayRead) throw new Refusal('NO_RIGHT', `The right to read the column ${JSON.stringify(column)} is missing here.`)
    const label = labelOf(table, wanted)
    const parameters = new Parameters()
    const value = `"row".${identifier(wanted.name)}`
    const text = label === undefined ? `''` : `"row".${identifier(label.name)}::pg_catalog.text`
    const like = parameters.add(`%${search.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`, 'pg_catalog.text')
    const same = parameters.add(search, 'pg_catalog.text')
    const condition = search === '' ? 'true' : `(${value}::pg_catalog.text = ${same} or ${text} ilike ${like})`
    const choices = await readRows<{ value: string; label: string | null }>(
      client,
      `select ${value}::pg_catalog.text as value, pg_catalog.left(${text}, ${longestLabel}) as label
       from ${table.sql} as "row" where ${value} is not null and ${condition} order by ${value} limit ${mostChoices}`,
      search === '' ? [] : parameters.values,
    )
    return { choices: choices.map((one) => ({ value: one.value, label: one.label ?? '' })) }
  }
  try {
    return await reading(tenancy, place, find, limitMs)
  } catch (error) {
    throw await explained(error, { tenancy, table })
  }
}

const known = ['name', 'title', 'label', 'email', 'slug', 'code']

function labelOf({ columns }: Table, key: Column): Column | undefined {
  const texts = columns.filter((column) => column !== key && column.mayRead && kindOfColumn(column) === 'text')
  return known.map((name) => texts.find((column) => column.name === name)).find((column) => column !== undefined) ?? texts[0]
}
