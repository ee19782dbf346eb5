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
import { addressOf } from '../../src/data/address.ts'
import { ApiError, getJson, sendJson } from '../api/fetch.ts'
import { listQuery, type ListState } from './paths.ts'

/** What a refusal says about single fields, and about the row. */
export function problemOf(error: unknown): RowProblem | undefined {
  if (!(error instanceof ApiError)) return undefined
  return {
    ...(error.problem as Partial<RowProblem>),
    code: error.code,
    title: error.title,
    detail: error.message,
    status: error.status,
  }
}

const tables = (place: string) => `api/data/${encodeURIComponent(place)}/tables`
const rows = (place: string, table: string) => `${tables(place)}/${table}/rows`
const query = (values: Record<string, unknown>) => new URLSearchParams(values as Record<string, string>).toString()

/** `table` is a part of an address in each of these, and so is a key. */
export const listTables = (place: string, signal?: AbortSignal) => getJson<TablesAnswer>(tables(place), signal)
export const readTable = (place: string, table: string, signal?: AbortSignal) =>
  getJson<TableAnswer>(`${tables(place)}/${table}`, signal)
export const listRows = (place: string, table: string, state: ListState, signal?: AbortSignal) =>
  getJson<RowsAnswer>(`${rows(place, table)}?${query(listQuery(state))}`, signal)
export const readRow = (place: string, table: string, key: string, signal?: AbortSignal) =>
  getJson<RowAnswer>(`${rows(place, table)}/${key}`, signal)
export const readReferences = (place: string, table: string, key: string, signal?: AbortSignal) =>
  getJson<ReferencesAnswer>(`${rows(place, table)}/${key}/references`, signal)
export const findChoices = (place: string, table: string, column: string, search: string) =>
  getJson<ChoicesAnswer>(`${tables(place)}/${addressOf(table)}/choices?${query({ column, search })}`)
export const createRow = (place: string, table: string, row: NewRow) => sendJson<SavedAnswer>('POST', rows(place, table), row)
export const changeRow = (place: string, table: string, key: string, change: RowChange) =>
  sendJson<SavedAnswer>('PATCH', `${rows(place, table)}/${key}`, change)
export const deleteRow = (place: string, table: string, key: string, version: string) =>
  sendJson<undefined>('DELETE', `${rows(place, table)}/${key}?${query({ version })}`)

/** Where a value can be downloaded. */
export const valuePath = (place: string, table: string, key: string, column: string) =>
  `${rows(place, table)}/${key}/columns/${addressOf(column)}`
