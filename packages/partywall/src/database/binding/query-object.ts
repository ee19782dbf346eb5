/**
 * What kind of query object a caller has passed. pg-cursor, pg-query-stream, pg-copy-streams and `pg.Query` have no common class, so they
 * are recognised by their methods and properties.
 */
import type { Readable, Writable } from 'node:stream'
import type { ConnectionLike, SubmittableLike } from './pg-internals.ts'

export type ReadCallback = (error: Error | null, rows?: unknown[], result?: unknown) => void

export interface CursorLike extends SubmittableLike {
  /** Absent until the cursor is submitted. */
  readonly connection?: ConnectionLike | null
  read(count: number, done?: ReadCallback): Promise<unknown[]> | void
  close(done?: () => void): Promise<void> | void
}

export type CopyIn = SubmittableLike &
  Writable & {
    /** Set while the stream is being destroyed by its user and waits for the server's answer to that. */
    readonly cb_destroy: unknown
  }

export type CopyOut = SubmittableLike & Readable & { readonly text: string }

/** An object that writes its own messages, as opposed to a text or a config. */
export function isQueryObject(config: any): config is SubmittableLike {
  return typeof config?.submit === 'function'
}

/** A cursor. A stream can be read as well, but a cursor cannot be piped. */
export function isCursor(query: SubmittableLike): boolean {
  return has(query, 'read') && !('pipe' in query)
}

/** The cursor that a query object is, or that a stream contains. */
export function cursorOf(query: SubmittableLike): CursorLike | undefined {
  return [query, query.cursor].find((one) => isQueryObject(one) && isCursor(one) && has(one, 'close')) as CursorLike | undefined
}

/** A stream of pg-copy-streams. */
export function isCopy(query: SubmittableLike): boolean {
  return isCopyIn(query) || isCopyOut(query)
}

/** A stream for COPY … FROM STDIN. */
export function isCopyIn(query: SubmittableLike): query is CopyIn {
  return '_gotCopyInResponse' in query && 'write' in query
}

/** A stream for COPY … TO STDOUT. */
export function isCopyOut(query: SubmittableLike): query is CopyOut {
  return '_pgDataHandler' in query && 'push' in query
}

/** The SQL of a text, a config or a query object; of anything else an empty text. */
export function textOf(config: string | { readonly text?: unknown; readonly cursor?: { readonly text?: unknown } }): string {
  if (typeof config === 'string') return config
  const text = config.text ?? config.cursor?.text
  return typeof text === 'string' ? text : ''
}

function has(query: object, method: string): boolean {
  return typeof (query as Record<string, unknown>)[method] === 'function'
}
