/** The addresses of tables and rows, in the browser and of the API. */
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { Cell, Filter, FilterOperator, LinkAnswer, Sort } from '../../src/data/api.ts'
import { addressOf, keyAddress, textOf } from '../../src/data/address.ts'

export function tablesPath(place: string): string {
  return place === 'shared' ? '/shared/tables' : `/t/${encodeURIComponent(place)}/tables`
}

/** @param table its name, as PostgreSQL has it */
export function tablePath(place: string, table: string): string {
  return `${tablesPath(place)}/${addressOf(table)}`
}

/** @param key as the API has it */
export function rowPath(place: string, table: string, key: string): string {
  return `${tablePath(place, table)}/${key}`
}

/** Where a foreign key leads: to the row, or, where it leads to no primary key, to the list with that row; undefined where it leads nowhere. */
export function linkPath(link: LinkAnswer, cellOf: (column: string) => Cell | undefined) {
  const values = link.columns.map(cellOf)
  if (!values.every((value) => typeof value === 'string')) return undefined
  if (link.isKey) return { path: rowPath(link.place, link.table, keyAddress(values)) }
  const filters = link.toColumns.map((column, at): Filter => ({ column, operator: 'is', value: values[at]! }))
  return { path: tablePath(link.place, link.table), query: listQuery({ filters }) }
}

export interface ListState {
  readonly sort?: Sort | undefined
  readonly filters?: readonly Filter[] | undefined
  readonly cursor?: string | undefined
}

export function listQuery({ sort, filters = [], cursor }: ListState): LocationQueryRaw {
  return {
    ...(sort !== undefined && { sort: `${sort.descending ? '~-' : ''}${addressOf(sort.column)}` }),
    ...(filters.length > 0 && {
      filters: JSON.stringify(
        filters.map(({ column, operator, value }) => (value === undefined ? [column, operator] : [column, operator, value])),
      ),
    }),
    ...(cursor !== undefined && { cursor }),
  }
}

/** What an address says. What it says wrongly is left to the server, which refuses it with a sentence. */
export function listState(query: LocationQuery): ListState {
  const { sort, filters, cursor } = query
  return {
    ...(typeof sort === 'string' && sort !== '' && { sort: sortOf(sort) }),
    ...(typeof filters === 'string' && { filters: filtersOf(filters) }),
    ...(typeof cursor === 'string' && cursor !== '' && { cursor }),
  }
}

function sortOf(text: string): Sort {
  const descending = text.startsWith('~-')
  return { column: textOf(descending ? text.slice(2) : text) ?? '', descending }
}

function filtersOf(text: string): Filter[] {
  try {
    const list = JSON.parse(text) as unknown
    if (!Array.isArray(list)) return []
    return list.filter(Array.isArray).map(([column, operator, value]: unknown[]) => ({
      column: String(column),
      operator: operator as FilterOperator,
      ...(typeof value === 'string' && { value }),
    }))
  } catch {
    return []
  }
}
