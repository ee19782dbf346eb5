/** A table as the catalogs have it at this moment. Every name that goes into SQL comes from here. */
import { identifier } from 'partywall'
import type { ColumnAnswer, ColumnKind, TableAnswer, TableKind } from './api.ts'
import { isSecretColumn } from './secret-columns.ts'
import { readRows } from './parameters.ts'
import { sharedPlace, type Client, type Place } from './place.ts'
import { Refusal } from './refusal.ts'
import { tableSql } from './table-sql.ts'

export interface Column {
  readonly name: string
  readonly type: string
  /** The type as SQL, without a length: a value that is too long is refused by the column, not cut by a cast. */
  readonly cast: string
  /** The name of PostgreSQL's own type that it is made of; empty for a type of another schema. */
  readonly base: string
  /** `e` an enum, `c` a composite type, … */
  readonly sort: string
  readonly isArray: boolean
  readonly isSortable: boolean
  readonly isIndexed: boolean
  readonly isNullable: boolean
  readonly isNotNull: boolean
  readonly isGenerated: boolean
  readonly identity: '' | 'a' | 'd'
  readonly default: string | null
  readonly options: readonly string[] | null
  readonly comment: string | null
  readonly mayRead: boolean
  readonly mayInsert: boolean
  readonly mayUpdate: boolean
}

interface Link {
  readonly name: string
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
  readonly toColumns: readonly string[]
  readonly toKey: readonly string[] | null
}

interface TableFacts {
  readonly oid: string
  readonly kind: TableKind
  readonly hasPolicies: boolean
  readonly tuples: number
  readonly bytes: number
  readonly comment: string | null
  /** The right to read covers each column, also those that PostgreSQL adds. */
  readonly mayReadAll: boolean
  readonly mayDelete: boolean
  readonly columns: readonly Column[]
  /** Unique indexes and exclusion constraints; the primary key is the first. */
  readonly keys: readonly { name: string; isPrimary: boolean; isPlain: boolean; columns: readonly string[]; parts: number }[]
  readonly checks: readonly { name: string; columns: readonly string[] }[]
  readonly links: readonly Link[]
}

export interface Table extends TableFacts {
  readonly place: Place
  readonly name: string
  /** As SQL, with its schema: a name alone would lead to the shared schema where the tenant lacks the table. */
  readonly sql: string
  readonly key: readonly Column[]
}

/** @throws Refusal UNKNOWN_TABLE */
export async function readTable(client: Client, place: Place, name: string): Promise<Table> {
  const isName = name !== '' && Buffer.byteLength(name) <= 63
  const [found] = isName ? await readRows<TableFacts>(client, tableSql, [place.schema, name]) : []
  const facts = found && withoutSecrets(found)
  if (facts === undefined) {
    const owner = place.answer.kind === 'shared' ? 'The shared schema' : JSON.stringify(place.answer.name)
    throw new Refusal('UNKNOWN_TABLE', `${owner} has no table ${JSON.stringify(name.slice(0, 63))}.`)
  }
  const primary = facts.keys.find(({ isPrimary }) => isPrimary)
  const key = (primary?.columns.slice(0, primary.parts) ?? []).map((column) => facts.columns.find((one) => one.name === column)!)
  return { ...facts, place, name, sql: `${identifier(place.schema)}.${identifier(name)}`, key }
}

/** As if the right to read them were missing: so they are in no cell, no filter, no sort and no download. */
function withoutSecrets(facts: TableFacts): TableFacts {
  return {
    ...facts,
    columns: facts.columns.map((column) => (isSecretColumn(column.name) ? { ...column, mayRead: false } : column)),
  }
}

/** @throws Refusal UNKNOWN_COLUMN */
export function columnOf({ columns, name }: Table, column: string): Column {
  const found = columns.find((one) => one.name === column)
  if (found !== undefined) return found
  throw new Refusal('UNKNOWN_COLUMN', `The table ${JSON.stringify(name)} has no column ${JSON.stringify(column.slice(0, 63))}.`)
}

/** Why no row of the table can be written. */
export function readOnlyReason({ place, kind, key }: Table): string | undefined {
  if (place.answer.readOnly !== undefined) return place.answer.readOnly
  if (kind === 'view' || kind === 'materialized view') return `This is a ${kind}: its rows come from other tables.`
  if (kind === 'foreign table') return 'The rows of this table are in another database.'
  if (key.length === 0) return 'This table has no primary key, so a row cannot be told from another one, and can only be read.'
  if (key.some(({ mayRead }) => !mayRead)) return 'The right to read the primary key of this table is missing.'
  return undefined
}

export function kindOfColumn({ isArray, sort, base }: Column): ColumnKind {
  if (isArray) return 'array'
  if (sort === 'e') return 'enum'
  return kinds[base] ?? 'other'
}

export function isBytes({ base, isArray }: Column): boolean {
  return base === 'bytea' && !isArray
}

export function tableAnswer(table: Table): TableAnswer {
  const readOnly = readOnlyReason(table)
  const isOpen = readOnly === undefined
  const columns = table.columns.map((column) => columnAnswer(table, column))
  return {
    place: table.place.answer,
    name: table.name,
    kind: table.kind,
    columns,
    key: table.key.map(({ name }) => name),
    links: table.links.flatMap((link) => linkAnswer(table.place, link)),
    ...(table.comment !== null && { comment: table.comment }),
    ...(readOnly !== undefined && { readOnly }),
    mayInsert: isOpen && columns.some(({ mayInsert }) => mayInsert),
    mayUpdate: isOpen && columns.some(({ mayUpdate }) => mayUpdate),
    mayDelete: isOpen && table.mayDelete,
    hasPolicies: table.hasPolicies,
  }
}

function columnAnswer(table: Table, column: Column): ColumnAnswer {
  const { name, type, isNullable, isSortable, isIndexed, isGenerated, identity, options, comment, mayRead } = column
  const isMade = isGenerated || identity === 'a'
  const preset = column.default ?? (identity === 'd' ? 'the next number' : null)
  return {
    name,
    type,
    kind: kindOfColumn(column),
    isKey: table.key.includes(column),
    isNullable,
    isSortable: isSortable && mayRead,
    isIndexed,
    ...(isMade && { made: isGenerated ? ('generated' as const) : ('identity' as const) }),
    ...(preset !== null && { default: preset }),
    ...(options !== null && { options: options.slice(0, mostOptions) }),
    ...(comment !== null && { comment }),
    ...(!mayRead && { isHidden: true as const }),
    mayInsert: column.mayInsert && !isMade,
    mayUpdate: column.mayUpdate && !isMade,
  }
}

function linkAnswer({ answer, schema, sharedSchema }: Place, link: Link): TableAnswer['links'] {
  const isOwn = link.schema === schema
  // A foreign key to any other schema has no address in the console.
  if (!isOwn && link.schema !== sharedSchema) return []
  const { columns, table, toColumns, toKey } = link
  const isKey = toKey !== null && toKey.length === toColumns.length && toKey.every((name) => toColumns.includes(name))
  const order = isKey ? toKey.map((name) => toColumns.indexOf(name)) : toColumns.map((_, at) => at)
  return [
    {
      columns: order.map((at) => columns[at]!),
      place: isOwn ? answer.place : sharedPlace,
      table,
      toColumns: order.map((at) => toColumns[at]!),
      isKey,
    },
  ]
}

const mostOptions = 500

const kinds: Readonly<Record<string, ColumnKind>> = {
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  name: 'text',
  char: 'text',
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  oid: 'integer',
  numeric: 'number',
  float4: 'number',
  float8: 'number',
  money: 'number',
  bool: 'boolean',
  date: 'date',
  time: 'time',
  timetz: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamp with time zone',
  json: 'json',
  jsonb: 'json',
  bytea: 'bytes',
  uuid: 'uuid',
}
