/**
 * The COPY … TO STDOUT stream of pg-copy-streams reads the socket itself, from the first byte of the answer: it would take the answer
 * to the binding for its own end. Here the parser of node-postgres reads, and hands it the rows.
 */
import type { Readable } from 'node:stream'
import type { ConnectionLike, SubmittableLike } from './pg-internals.ts'

type CopyOut = SubmittableLike & Readable & { readonly text: string }

export function isCopyOut(query: SubmittableLike): query is CopyOut {
  return '_pgDataHandler' in query && 'push' in query
}

export function feedByMessages(query: CopyOut): void {
  let socket: { pause(): void; resume(): void } | undefined
  query.submit = (connection: ConnectionLike) => {
    socket = connection.stream as unknown as typeof socket
    connection.query(query.text)
  }
  query.handleCopyData = (message) => {
    // The parser uses its buffer again. What nobody reads any more is drained, so that the connection is good afterwards.
    if (query.destroyed || query.push(Buffer.from((message as { chunk: Uint8Array }).chunk))) return
    socket?.pause()
  }
  query._read = () => socket?.resume()
  query._destroy = (error, done) => {
    socket?.resume()
    done(error)
  }
  // An error that nobody hears would end the process; a stream that was given up has nobody.
  query.handleError = (error) => void query.destroy(error)
  query.handleReadyForQuery = () => {
    socket = undefined
    query.push(null)
  }
}
