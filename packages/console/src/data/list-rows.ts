/**
 * One page of the rows of a table. A page begins at a key and never at a number, so the hundredth page costs what the first one does, and no row is shown twice because
 * another one was added.
 */
import { identifier } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { Filter, RowCount, RowsAnswer, Sort } from './api.ts'
import { keyAddress } from './address.ts'
import { cellsOf, cellsSql, textsSql, type CellsRow } from './cells.ts'
import { badCursor, writeCursor, type Cursor } from './cursor.ts'
import { explained } from './explain.ts'
import { conditionSql, typedValues } from './filters.ts'
import { Parameters, readRows } from './parameters.ts'
import { reading, type Client, type Place } from './place.ts'
import { Refusal } from './refusal.ts'
import { columnOf, readTable, tableAnswer, type Column, type Table } from './table.ts'

const rowsOfPage = 50
/** Characters of a cell. */
const longestCell = 200
const mostColumns = 30
/** Bytes of a value that stands in a cursor. */
const longestPosition = 500

export interface ListOptions {
  readonly sort?: Sort
  readonly filters: readonly Filter[]
  readonly cursor?: Cursor
}

/** @throws Refusal UNKNOWN_TABLE, UNKNOWN_COLUMN, BAD_FILTER, BAD_CURSOR, NO_RIGHT, TOO_SLOW, TABLE_LOCKED */
export async function listRows(tenancy: AnyTenancy, place: Place, name: string, options: ListOptions): Promise<RowsAnswer> {
  let table: Table | undefined
  try {
    return await reading(tenancy, place, async (client) => {
      table = await readTable(client, place, name)
      return pageOf(client, table, options)
    })
  } catch (error) {
    throw await explained(error, {
      tenancy,
      table,
      values: table === undefined ? [] : typedValues(table, options.filters),
      isFilter: true,
    })
  }
}

async function pageOf(client: Client, table: Table, { sort, filters, cursor }: ListOptions): Promise<RowsAnswer> {
  const shown = shownColumns(table, sort)
  const list = new List(table, shown, sort, filters)
  if (shown.length === 0) throw new Refusal('NO_RIGHT', `The right to read ${JSON.stringify(table.name)} is missing here.`)
  const isBackward = cursor?.direction === 'before'
  const found: Found[] = []
  const sections = list.sections(cursor, isBackward)
  for (const [at, isNull] of sections.entries()) {
    const rest = rowsOfPage + 1 - found.length
    if (rest > 0) found.push(...(await list.read(client, isNull, at === 0 ? cursor : undefined, isBackward, rest)))
  }
  const hasMore = found.length > rowsOfPage
  const rows = found.slice(0, rowsOfPage)
  if (isBackward) rows.reverse()
  const cursorAt = (row: Found | undefined, direction: Cursor['direction']) =>
    row === undefined ? undefined : list.cursor(row, direction)
  const previous = (isBackward ? hasMore : cursor !== undefined) ? cursorAt(rows[0], 'before') : undefined
  const next = (isBackward ? true : hasMore) ? cursorAt(rows.at(-1), 'after') : undefined
  // Without the right to read it, rows are told apart by something that is no address.
  const isAddressed = table.key.length > 0 && table.key.every(({ mayRead }) => mayRead)
  const count = filters.length === 0 ? await countRows(client, table) : undefined
  return {
    table: tableAnswer(table),
    columns: shown.map((column) => column.name),
    rows: rows.map((row) => ({
      ...(isAddressed && row.keys !== null && { key: keyAddress(row.keys) }),
      cells: cellsOf(shown, row),
    })),
    ...(sort && { sort }),
    filters,
    ...(count && { count }),
    ...(previous !== undefined && { previous }),
    ...(next !== undefined && { next }),
    ...(hasMore && list.isUnordered && { isCut: true as const }),
  }
}

/** The key first, then as many as a page can show. */
function shownColumns(table: Table, sort: Sort | undefined): Column[] {
  const readable = table.columns.filter(({ mayRead }) => mayRead)
  const kept = new Set([...table.key.filter(({ mayRead }) => mayRead), ...readable.slice(0, mostColumns)])
  if (sort !== undefined) kept.add(columnOf(table, sort.column))
  return readable.filter((column) => kept.has(column))
}

interface Found extends CellsRow {
  /** The texts of the columns that order the rows. */
  readonly keys: readonly string[] | null
  readonly position: string | null
  readonly isNull: boolean
}

/** Rows in the order of a column, and of a key where its values are equal. */
class List {
  readonly #table: Table
  readonly #shown: readonly Column[]
  readonly #filters: readonly Filter[]
  readonly #sorted: Column | undefined
  readonly #isDescending: boolean
  /** What tells rows apart: the primary key, another unique key, or the place of the row in its table. */
  readonly #key: readonly { readonly sql: string; readonly cast: string }[]

  constructor(table: Table, shown: readonly Column[], sort: Sort | undefined, filters: readonly Filter[]) {
    this.#table = table
    this.#shown = shown
    this.#filters = filters
    this.#isDescending = sort?.descending ?? false
    this.#sorted = sort && columnOf(table, sort.column)
    if (this.#sorted !== undefined && !(this.#sorted.isSortable && this.#sorted.mayRead)) {
      throw new Refusal(
        'BAD_FILTER',
        `Rows cannot be sorted by ${JSON.stringify(this.#sorted.name)}: values of ${this.#sorted.type} have no order.`,
      )
    }
    this.#key = orderingKey(table)
  }

  /** Nothing tells rows apart, so there is one page only. */
  get isUnordered(): boolean {
    return this.#key.length === 0
  }

  /** Rows with a value come first, those without one last; each part can be read by an index. */
  sections(cursor: Cursor | undefined, isBackward: boolean): boolean[] {
    if (this.#sorted === undefined || this.#sorted.isNotNull) return [false]
    const first = cursor?.isNull ?? isBackward
    return isBackward ? (first ? [true, false] : [false]) : first ? [true] : [false, true]
  }

  async read(client: Client, isNull: boolean, cursor: Cursor | undefined, isBackward: boolean, limit: number): Promise<Found[]> {
    const parameters = new Parameters()
    const conditions = this.#filters.map((filter) => conditionSql(this.#table, filter, parameters))
    const sorted = this.#sorted && `"row".${identifier(this.#sorted.name)}`
    if (sorted !== undefined && !this.#sorted!.isNotNull) conditions.push(`${sorted} is ${isNull ? '' : 'not '}null`)
    const terms = [...(sorted !== undefined && !isNull ? [sorted] : []), ...this.#key.map(({ sql }) => sql)]
    if (cursor !== undefined) conditions.push(this.#beyond(cursor, isNull, terms, isBackward, parameters))
    const direction = this.#isDescending === isBackward ? '' : ' desc'
    const order = terms.length === 0 ? '' : `order by ${terms.map((term) => term + direction).join(', ')}`
    const columns = this.#table.columns.filter(({ mayRead }) => mayRead).map(({ name }) => `"row".${identifier(name)}`)
    // No column can have the name of what PostgreSQL adds itself.
    const added = this.#key[0]?.sql === place ? [`${place} as ctid`] : []
    const keys = this.#key.map(({ sql }) => `${sql}::pg_catalog.text`)
    const position =
      sorted === undefined
        ? 'null'
        : `case when pg_catalog.octet_length(${sorted}::pg_catalog.text) <= ${longestPosition} then ${sorted}::pg_catalog.text end`
    const inner = `select ${[...columns, ...added].join(', ')} from ${this.#table.sql} as "row" ${
      conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`
    } ${order} limit ${limit}`
    return readRows<Found>(
      client,
      `select ${cellsSql(this.#shown, longestCell)}, ${keys.length === 0 ? 'null' : `array[${keys.join(', ')}]`} as keys, ${position} as position, ${isNull} as "isNull"
       from (${inner}) as "row" cross join lateral ${textsSql(this.#shown)} ${order}`,
      parameters.values,
    )
  }

  #beyond(cursor: Cursor, isNull: boolean, terms: readonly string[], isBackward: boolean, parameters: Parameters): string {
    if (cursor.key.length !== this.#key.length || terms.length === 0) throw badCursor()
    const key = this.#key.map(({ cast }, at) => parameters.add(cursor.key[at]!, cast))
    const operator = this.#isDescending === isBackward ? '>' : '<'
    if (this.#sorted === undefined || isNull) return `(${terms.join(', ')}) ${operator} (${key.join(', ')})`
    const name = identifier(this.#sorted.name)
    const same = this.#key.map(({ sql }, at) => `${sql} = ${key[at]}`).join(' and ')
    const value =
      cursor.value === undefined
        ? `(select "row".${name} from ${this.#table.sql} as "row" where ${same})`
        : parameters.add(cursor.value, this.#sorted.cast)
    return `(${terms.join(', ')}) ${operator} (${[value, ...key].join(', ')})`
  }

  cursor({ keys, position, isNull }: Found, direction: Cursor['direction']): string | undefined {
    if (keys === null) return undefined
    return writeCursor({ direction, isNull, ...(position !== null && { value: position }), key: keys })
  }
}

const place = '"row".ctid'

function orderingKey({ key, keys, columns, kind, mayReadAll }: Table): { sql: string; cast: string }[] {
  const columnsOf = (names: readonly string[]) => names.map((name) => columns.find((column) => column.name === name)!)
  const other = keys
    .filter(({ isPlain }) => isPlain)
    .map((one) => columnsOf(one.columns.slice(0, one.parts)))
    .find((some) => some.length > 0 && some.every((column) => column?.isNotNull && column.isSortable && column.mayRead))
  const chosen = key.length > 0 && key.every(({ mayRead, isSortable }) => mayRead && isSortable) ? key : other
  if (chosen !== undefined) return chosen.map(({ name, cast }) => ({ sql: `"row".${identifier(name)}`, cast }))
  return mayReadAll && (kind === 'table' || kind === 'materialized view') ? [{ sql: place, cast: 'pg_catalog.tid' }] : []
}

/** A table of fewer rows is counted. */
const mostCounted = 1000

/** Exact for a small table; else the estimate of PostgreSQL, which costs nothing. */
async function countRows(client: Client, { sql, kind, tuples }: Table): Promise<RowCount | undefined> {
  if (kind === 'view' || kind === 'foreign table') return undefined
  if (tuples > 10 * mostCounted) return { rows: Math.round(tuples), isExact: false }
  const [counted] = await readRows<{ rows: number }>(
    client,
    `select pg_catalog.count(*) as rows from (select from ${sql} limit ${mostCounted + 1}) as found`,
  )
  const rows = counted?.rows ?? 0
  if (rows <= mostCounted) return { rows, isExact: true }
  return { rows: Math.max(Math.round(tuples), rows), isExact: false }
}
