/**
 * The COPY … FROM STDIN stream of pg-copy-streams tells an error without ending: whoever writes on runs into a connection that is not there,
 * and whoever ends it waits for ever. Here an error is its end, as with other streams.
 */
import type { Writable } from 'node:stream'
import type { SubmittableLike } from './pg-internals.ts'

type CopyIn = SubmittableLike &
  Writable & {
    /** Set while somebody has destroyed the stream and awaits the server's answer to that. */
    readonly cb_destroy: unknown
  }

export function isCopyIn(query: SubmittableLike): query is CopyIn {
  return '_gotCopyInResponse' in query && 'write' in query
}

export function endWithError(query: CopyIn): void {
  const { handleError, _destroy } = query
  let hasFailed = false
  query.handleError = (error, connection) => {
    if (query.cb_destroy) return handleError?.call(query, error, connection)
    hasFailed = true
    // It stops the clock of the option query_timeout.
    query.callback?.(error)
    query.destroy(error)
  }
  // There is no COPY any more that the server could be asked to give up.
  query._destroy = (error, done) => (hasFailed ? done(error) : _destroy.call(query, error, done))
}
