/** Hears the end of a query object that is not ours, and counts its rows, for what is told about statements. */
import type { SubmittableLike } from '../binding/pg-internals.ts'

/** @param ended is called once: the server is ready again, or the object has failed */
export function observeObject(query: SubmittableLike, ended: (error: unknown, rows: number) => void): void {
  const { handleDataRow, handleCommandComplete, handleReadyForQuery, handleError } = query
  let rows = 0
  let isOver = false
  const end = (error: unknown): void => {
    if (isOver) return
    isOver = true
    ended(error, rows)
  }
  query.handleDataRow = (message) => {
    rows += 1
    handleDataRow?.call(query, message)
  }
  query.handleCommandComplete = (message, connection) => {
    // COPY and statements without rows say a number at the end; a cursor says that of its last page.
    if (rows === 0) rows = Number(/^(?:COPY|INSERT \d+|UPDATE|DELETE|MERGE) (\d+)$/.exec(message.text ?? '')?.[1] ?? 0)
    handleCommandComplete?.call(query, message, connection)
  }
  query.handleReadyForQuery = (connection) => {
    end(undefined)
    handleReadyForQuery?.call(query, connection)
  }
  query.handleError = (error, connection) => {
    end(error)
    handleError?.call(query, error, connection)
  }
}
