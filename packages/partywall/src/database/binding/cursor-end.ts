/**
 * To close, and to return its last rows, a cursor of pg-cursor (and so a pg-query-stream) waits until the server is ready. A connection
 * that is lost never becomes ready; one that was ready already, after an error, does not become so again. The caller of the cursor would
 * wait indefinitely, with its connection checked out. So here the end of the connection is an answer, too.
 *
 * After an error it has sent its Sync, and would send a Close behind it: a message that the server does not answer. Behind PgBouncer the idle client then
 * keeps a server session, which no other client gets. An error has ended the portal, so nothing is sent.
 */
import { whenReady, type SubmittableLike } from './pg-internals.ts'
import { cursorOf, type ReadCallback } from './query-object.ts'

/** For the cursor of a query object, if it is one or has one. */
export function endWithConnection(query: SubmittableLike): void {
  const cursor = cursorOf(query)
  if (cursor === undefined) return
  const { submit, read, close } = cursor
  const reading = new Set<ReadCallback>()
  let isOver = false
  let hasFailed = false
  const { handleError } = query
  query.handleError = (error, connection) => {
    hasFailed = true
    handleError?.call(query, error, connection)
  }

  cursor.submit = (connection) => {
    whenReady(connection, (isAlive) => {
      isOver = true
      // Not before the cursor has had the chance to report the loss itself.
      if (!isAlive) setImmediate(() => reading.forEach((answer) => answer(new Error('Connection terminated unexpectedly'))))
    })
    return submit.call(cursor, connection)
  }
  const readThen = (count: number, done: ReadCallback): void => {
    const answerOnce: ReadCallback = (...answer) => {
      if (reading.delete(answerOnce)) done(...answer)
    }
    reading.add(answerOnce)
    void read.call(cursor, count, answerOnce)
  }
  const closeThen = (done: () => void): void => {
    const { connection } = cursor
    if (isOver || !connection) return void setImmediate(done)
    if (!hasFailed) void close.call(cursor, () => {})
    whenReady(connection, () => done())
  }
  cursor.read = (count, done) => {
    if (done !== undefined) return readThen(count, done)
    return new Promise((resolve, reject) => readThen(count, (error, rows = []) => (error ? reject(error) : resolve(rows))))
  }
  cursor.close = (done) => (done === undefined ? new Promise<void>((resolve) => closeThen(resolve)) : closeThen(done))
}
