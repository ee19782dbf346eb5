/** The tables of a place, with how many rows they have: estimates of PostgreSQL, and exact numbers where counting costs nothing. */
import { identifier } from 'partywall'
import type { AnyTenancy } from '../parts.ts'
import type { RowCount, TableAnswer, TableEntry, TablesAnswer } from './api.ts'
import { readRows } from './parameters.ts'
import { explained } from './explain.ts'
import { reading, type Client, type Place } from './place.ts'
import { readTable, tableAnswer } from './table.ts'
import { mostTables, tablesSql, type TableRow } from './tables-sql.ts'

export async function listTables(tenancy: AnyTenancy, place: Place): Promise<TablesAnswer> {
  return reading(tenancy, place, async (client) => {
    const all = await readRows<TableRow>(client, tablesSql, [place.schema])
    const names = new Set(all.map(({ oid }) => oid))
    const roots = all.filter(({ parent }) => parent === null || !names.has(parent))
    const shown = roots.slice(0, mostTables)
    const counted = await countSmall(client, place, all)
    const partitionsOf = Map.groupBy(
      all.filter(({ parent }) => parent !== null),
      ({ parent }) => parent!,
    )
    const entryOf = (table: TableRow): TableEntry => {
      const parts = (partitionsOf.get(table.oid) ?? []).map(entryOf)
      const count = parts.length > 0 ? sumOf(parts) : countOf(table, counted)
      return {
        name: table.name,
        kind: table.kind,
        ...(count && { count }),
        bytes: table.bytes + parts.reduce((sum, { bytes }) => sum + bytes, 0),
        ...(table.comment !== null && { comment: table.comment }),
        ...(!table.mayRead && { isClosed: true as const }),
        ...(parts.length > 0 && { partitions: parts.slice(0, mostTables) }),
      }
    }
    return { place: place.answer, tables: shown.map(entryOf), left: roots.length - shown.length }
  })
}

/** @throws Refusal UNKNOWN_TABLE */
export async function describeTable(tenancy: AnyTenancy, place: Place, name: string): Promise<TableAnswer> {
  try {
    return tableAnswer(await reading(tenancy, place, (client) => readTable(client, place, name)))
  } catch (error) {
    throw await explained(error, { tenancy, table: undefined })
  }
}

function countOf({ oid, tuples, kind }: TableRow, counted: ReadonlyMap<string, number>): RowCount | undefined {
  const exact = counted.get(oid)
  if (exact !== undefined) return { rows: exact, isExact: true }
  if (kind === 'view' || tuples < 0) return undefined
  return { rows: Math.round(tuples), isExact: false }
}

function sumOf(parts: readonly TableEntry[]): RowCount | undefined {
  const known = parts.map(({ count }) => count)
  if (known.includes(undefined)) return undefined
  return { rows: known.reduce((sum, count) => sum + count!.rows, 0), isExact: known.every((count) => count!.isExact) }
}

/** Tables up to this size are counted: PostgreSQL has no estimate of a new table. With indexes and what belongs to them. */
const smallBytes = 262_144
const mostCounted = 60

async function countSmall(client: Client, { schema }: Place, all: readonly TableRow[]): Promise<Map<string, number>> {
  const small = all.filter(({ kind, bytes, mayRead }) => kind === 'table' && bytes <= smallBytes && mayRead).slice(0, mostCounted)
  if (small.length === 0) return new Map()
  const parts = small.map(
    ({ oid, name }) => `select ${oid} as oid, pg_catalog.count(*) as rows from ${identifier(schema)}.${identifier(name)}`,
  )
  await client.query('savepoint counting')
  try {
    const rows = await readRows<{ oid: number; rows: number }>(client, parts.join(' union all '))
    return new Map(rows.map(({ oid, rows: count }) => [String(oid), count]))
  } catch {
    // A table may be locked or closed to this role; the estimates stand for all of them then.
    await client.query('rollback to savepoint counting')
    return new Map()
  }
}
