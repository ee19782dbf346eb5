/**
 * What a cursor of pg-cursor waits for, and pg-query-stream with it, is that the server is ready: to close, and to hand out its last rows. A
 * connection that is lost is never ready; one that was ready already, after an error, is not so again. Whoever awaits the cursor would wait
 * for ever, and hold its connection all the while. So here the end of the connection is an answer, too.
 */
import type { ConnectionLike, SubmittableLike } from './pg-internals.ts'
import { whenReady } from './when-ready.ts'

type ReadCallback = (error: Error | null, rows?: unknown[], result?: unknown) => void

interface CursorLike extends SubmittableLike {
  /** Absent until the cursor is submitted. */
  readonly connection?: ConnectionLike | null
  read(count: number, done?: ReadCallback): Promise<unknown[]> | void
  close(done?: () => void): Promise<void> | void
}

/** For the cursor of a query object, if it is one or has one. */
export function endWithConnection(query: SubmittableLike): void {
  const cursor = cursorOf(query)
  if (cursor === undefined) return
  const { submit, read, close } = cursor
  const reading = new Set<ReadCallback>()
  let isOver = false

  cursor.submit = (connection) => {
    whenReady(connection, (isAlive) => {
      isOver = true
      // The cursor may tell by itself, in its own words.
      if (!isAlive) setImmediate(() => reading.forEach((tell) => tell(new Error('Connection terminated unexpectedly'))))
    })
    return submit.call(cursor, connection)
  }
  const readThen = (count: number, done: ReadCallback): void => {
    const tell: ReadCallback = (...answer) => {
      if (reading.delete(tell)) done(...answer)
    }
    reading.add(tell)
    void read.call(cursor, count, tell)
  }
  const closeThen = (done: () => void): void => {
    const { connection } = cursor
    if (isOver || !connection) return void setImmediate(done)
    void close.call(cursor, () => {})
    whenReady(connection, () => done())
  }
  cursor.read = (count, done) => {
    if (done !== undefined) return readThen(count, done)
    return new Promise((resolve, reject) => readThen(count, (error, rows = []) => (error ? reject(error) : resolve(rows))))
  }
  cursor.close = (done) => (done === undefined ? new Promise<void>((resolve) => closeThen(resolve)) : closeThen(done))
}

function cursorOf(query: SubmittableLike): CursorLike | undefined {
  return [query, query.cursor].find((one) => isCursor(one)) as CursorLike | undefined
}

/** A stream can be read as well, but not closed. */
function isCursor(value: unknown): boolean {
  const { read, close, submit } = (value ?? {}) as Record<string, unknown>
  return [read, close, submit].every((method) => typeof method === 'function') && !('pipe' in (value as object))
}
