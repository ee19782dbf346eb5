/** What the pages of tables and rows ask the server. */
import type {
  ChoicesAnswer,
  NewRow,
  ReferencesAnswer,
  RowAnswer,
  RowChange,
  RowProblem,
  RowsAnswer,
  SavedAnswer,
  TableAnswer,
  TablesAnswer,
} from '../../src/data/api.ts'
import { ApiError } from '../api/fetch.ts'
import { addressOf } from '../../src/data/address.ts'
import { listQuery, type ListState } from './paths.ts'

/** A refusal of the server, with what it says about single fields. As an `ApiError` it is not asked for again. */
export class RowError extends ApiError {
  declare readonly problem: RowProblem & Readonly<Record<string, unknown>>

  constructor(problem: RowProblem) {
    super(problem.status, { ...problem })
  }
}

const tables = (place: string) => `api/data/${encodeURIComponent(place)}/tables`
const rows = (place: string, table: string) => `${tables(place)}/${table}/rows`
const query = (values: Record<string, unknown>) => new URLSearchParams(values as Record<string, string>).toString()

/** `table` is a part of an address in each of these, and so is a key. */
export const listTables = (place: string, signal?: AbortSignal) => ask<TablesAnswer>(tables(place), { signal })
export const readTable = (place: string, table: string, signal?: AbortSignal) =>
  ask<TableAnswer>(`${tables(place)}/${table}`, { signal })
export const listRows = (place: string, table: string, state: ListState, signal?: AbortSignal) =>
  ask<RowsAnswer>(`${rows(place, table)}?${query(listQuery(state))}`, { signal })
export const readRow = (place: string, table: string, key: string, signal?: AbortSignal) =>
  ask<RowAnswer>(`${rows(place, table)}/${key}`, { signal })
export const readReferences = (place: string, table: string, key: string, signal?: AbortSignal) =>
  ask<ReferencesAnswer>(`${rows(place, table)}/${key}/references`, { signal })
export const findChoices = (place: string, table: string, column: string, search: string) =>
  ask<ChoicesAnswer>(`${tables(place)}/${addressOf(table)}/choices?${query({ column, search })}`)
export const createRow = (place: string, table: string, row: NewRow) =>
  ask<SavedAnswer>(rows(place, table), { method: 'POST', body: row })
export const changeRow = (place: string, table: string, key: string, change: RowChange) =>
  ask<SavedAnswer>(`${rows(place, table)}/${key}`, { method: 'PATCH', body: change })
export const deleteRow = (place: string, table: string, key: string, version: string) =>
  ask<undefined>(`${rows(place, table)}/${key}?${query({ version })}`, { method: 'DELETE' })

/** Where a value can be downloaded. */
export const valuePath = (place: string, table: string, key: string, column: string) =>
  `${rows(place, table)}/${key}/columns/${addressOf(column)}`

async function ask<T>(
  path: string,
  { method = 'GET', body, signal }: { method?: string; body?: unknown; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    ...(signal !== undefined && { signal }),
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await response.text()
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T
  throw new RowError(problemOf(text, response.status))
}

function problemOf(text: string, status: number): RowProblem {
  const plain = {
    code: 'NO_ANSWER',
    title: 'The server did not answer',
    detail: `The server answered with the status ${status}.`,
    status,
  }
  try {
    return { ...plain, ...(JSON.parse(text) as Partial<RowProblem>), status }
  } catch {
    return plain
  }
}
