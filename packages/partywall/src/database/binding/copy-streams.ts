/** COPY by query objects: two repairs of the streams of pg-copy-streams, and a refusal for what is no such stream. */
import { TenancyError } from '../../errors.ts'
import type { Carrier } from './carrier.ts'
import type { ConnectionLike, SubmittableLike } from './pg-internals.ts'
import type { CopyIn, CopyOut } from './query-object.ts'

/**
 * The stream for COPY … FROM STDIN emits an error without ending: a caller that writes on would write to a closed connection, and a
 * caller that ends it would wait indefinitely. Here an error destroys it, as with other streams.
 */
export function endWithError(query: CopyIn): void {
  const { handleError, _destroy } = query
  let hasFailed = false
  query.handleError = (error, connection) => {
    if (query.cb_destroy) return handleError?.call(query, error, connection)
    hasFailed = true
    // It stops the timer of the option query_timeout.
    query.callback?.(error)
    query.destroy(error)
  }
  // The COPY is over; there is none left that the server could be asked to give up.
  query._destroy = (error, done) => (hasFailed ? done(error) : _destroy.call(query, error, done))
}

/**
 * Rows, and the end of the COPY, may still be on their way when the server reports an error and is ready again. The server does not answer to them. A
 * pooler has given the server session back by then, takes one for these messages, and keeps it for the idle client until the next statement.
 * So such a client is not kept; in a transaction its end is that statement.
 */
export function doubtUnanswered(carrier: Carrier): void {
  if (!carrier.bindingWriter.isDirect && carrier.getTransactionStatus() === 'I')
    carrier.doubt('rows of a failed COPY that a pooler may wait for')
}

/**
 * The stream for COPY … TO STDOUT reads the socket itself, from the first byte of the answer: it would take the answer to the binding for
 * its own end. Here the parser of node-postgres reads, and passes the rows to it.
 */
export function feedByMessages(query: CopyOut): void {
  let socket: { pause(): void; resume(): void } | undefined
  query.submit = (connection: ConnectionLike) => {
    socket = connection.stream as unknown as typeof socket
    connection.query(query.text)
  }
  query.handleCopyData = (message) => {
    // The parser reuses its buffer, so the rows are copied. Rows for a destroyed stream are dropped, so that the connection stays usable.
    if (query.destroyed || query.push(Buffer.from((message as { chunk: Uint8Array }).chunk))) return
    socket?.pause()
  }
  query._read = () => socket?.resume()
  query._destroy = (error, done) => {
    socket?.resume()
    done(error)
  }
  // Through `destroy`: an error event without a listener would end the process, and a stream that was given up has no listener.
  query.handleError = (error) => void query.destroy(error)
  query.handleReadyForQuery = () => {
    socket = undefined
    query.push(null)
  }
}

/**
 * A cursor has no part in a COPY. node-postgres would call a method that it does not have while it reads the socket, which ends the
 * process. Here the server is told to give the COPY up, or its rows are dropped; the query object receives an error in both cases.
 */
export function refuseCopy(query: SubmittableLike): void {
  query.handleCopyInResponse ??= (connection) =>
    connection.sendCopyFail('this query object has no rows to send; use the stream of pg-copy-streams')
  if (query.handleCopyData !== undefined) return
  const { handleCommandComplete, handleError } = query
  let isRefused = false
  query.handleCopyData = (_, connection) => {
    if (isRefused) return
    isRefused = true
    handleError?.call(query, copyOutRefused(), connection)
  }
  // The object has failed already.
  query.handleCommandComplete = (message, connection) => {
    if (!isRefused) handleCommandComplete?.call(query, message, connection)
  }
}

function copyOutRefused(): TenancyError {
  return new TenancyError(
    'UNSAFE_STATEMENT',
    'COPY … TO STDOUT was sent by a query object that cannot receive its rows, such as a cursor. Its rows were dropped. Use the stream of ' +
      'pg-copy-streams.',
  )
}
