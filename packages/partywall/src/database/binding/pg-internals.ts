/**
 * The parts of node-postgres that partywall depends on and that its types leave out or describe more narrowly. Read in pg 8.23;
 * all of them are as old as pg 8.10, two under another name. A test compares the real classes with these shapes.
 */
import pg, { type CustomTypesConfig } from 'pg'

/** The wire: each method writes one message of the protocol. */
export interface ConnectionLike {
  readonly stream: {
    write(bytes: Uint8Array): unknown
    destroy(): unknown
    cork?: () => void
    uncork?: () => void
    readonly bytesWritten?: number
    readonly bytesRead?: number
  }
  /** Names and texts of the prepared statements that the server is known to have. */
  readonly parsedStatements: Record<string, string>
  readonly submittedNamedStatements: Record<string, string>
  parse(message: { text: string; name?: string; types?: unknown }): void
  bind(message: { values?: readonly unknown[]; statement?: string; portal?: string }): void
  execute(message: { portal?: string; rows?: number }): void
  close(message: { type: 'S' | 'P'; name: string }): void
  query(text: string): void
  sync(): void
  describe(message: { type: 'S' | 'P'; name?: string }): void
  sendCopyFail(message: string): void
  once(event: string, listener: (...args: any[]) => void): unknown
  on(event: string, listener: (...args: any[]) => void): unknown
  removeListener(event: string, listener: (...args: any[]) => void): unknown
  eventNames(): (string | symbol)[]
  listenerCount(event: string | symbol): number
}

/** The properties of node-postgres' client that its types leave out. */
export interface ClientInternals {
  readonly connection: ConnectionLike
  /** The options, the connection string and the environment, combined. */
  readonly connectionParameters?: Record<string, unknown>
  readonly processID: number | null
  readonly readyForQuery?: boolean
  readonly _queryQueue?: readonly unknown[]
  readonly _activeQuery?: unknown
  /** The names of the two before pg 8.17. Reading them in a newer version prints a deprecation. */
  readonly queryQueue?: readonly unknown[]
  readonly activeQuery?: unknown
  readonly _queryable?: boolean
}

/** The queries that a client has not sent yet. Undefined for a client that does not show them, which counts as busy. */
export function queryQueueOf(client: object): readonly unknown[] | undefined {
  const internals = client as ClientInternals
  return internals._queryQueue ?? internals.queryQueue
}

/** The query that the server is answering. */
export function activeQueryOf(client: object): unknown {
  const internals = client as ClientInternals
  return internals._queryQueue === undefined ? internals.activeQuery : internals._activeQuery
}

/** What a client calls on the query that it runs: the documented methods of a Submittable. */
export interface SubmittableLike {
  submit(connection: ConnectionLike): Error | null | undefined | void
  handleRowDescription?(message: unknown): void
  handleDataRow?(message: unknown): void
  handleCommandComplete?(message: { text?: string }, connection: ConnectionLike): void
  handleReadyForQuery?(connection: ConnectionLike): void
  handleError?(error: Error, connection: ConnectionLike): void
  handlePortalSuspended?(connection: ConnectionLike): void
  handleEmptyQuery?(connection: ConnectionLike): void
  handleCopyInResponse?(connection: ConnectionLike): void
  handleCopyData?(message: unknown, connection: ConnectionLike): void
  callback?: QueryCallback | undefined
  text?: unknown
  name?: string | undefined
  cursor?: { text?: unknown }
  /** Pages of so many rows. */
  rows?: unknown
  query_timeout?: number | undefined
  /** How its values are read. */
  readonly _result?: { _types?: CustomTypesConfig | undefined }
  /** Only pg.Query has it: false when it goes by the simple protocol. */
  requiresPreparation?(): boolean
}

export type QueryCallback = (error: Error | undefined | null, result?: any) => void

/** The config object of `client.query`, with the keys that its types leave out. */
export interface QueryConfigLike {
  text?: string
  name?: string | undefined
  values?: readonly unknown[] | undefined
  types?: CustomTypesConfig | undefined
  rowMode?: 'array' | undefined
  queryMode?: 'extended' | undefined
  rows?: number | undefined
  query_timeout?: number | undefined
  callback?: QueryCallback | undefined
}

/** `pg.Query`, with the methods that its types leave out. */
export interface QueryLike extends SubmittableLike {
  text: string
  values: readonly unknown[] | undefined
  rows: number | undefined
  name: string | undefined
  callback: QueryCallback | undefined
  readonly _result: { _types?: CustomTypesConfig | undefined }
  /** Why a row could not be read: a type parser threw. */
  _canceledDueToError: Error | false
  submit(connection: ConnectionLike): Error | null | undefined | void
  requiresPreparation(): boolean
  handleRowDescription(message: unknown): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: { text?: string }, connection: ConnectionLike): void
  handleReadyForQuery(connection: ConnectionLike): void
  handleError(error: Error, connection?: ConnectionLike): void
  handleEmptyQuery(connection: ConnectionLike): void
  handleCopyInResponse(connection: ConnectionLike): void
}

export const QueryBase = pg.Query as unknown as new (
  config: string | QueryConfigLike,
  values?: readonly unknown[] | undefined,
) => QueryLike

/** An error that came from the server as a message. Its severity is a word in the server's language, so it cannot be compared. */
export interface ServerError extends Error {
  readonly severity: string
  readonly code: string
  readonly routine?: string
}

export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && typeof (error as Partial<ServerError>).severity === 'string' && 'code' in error
}

/** I: outside of a transaction, T: in one, E: in a failed one, null: not known yet. */
export type TransactionStatusLike = 'I' | 'T' | 'E' | null

/** Calls `fn` with true when the server has sent that it is ready, or with false when the connection ended first. */
export function whenReady(connection: ConnectionLike, fn: (isAlive: boolean) => void): void {
  const settle = (isAlive: boolean) => () => {
    connection.removeListener('readyForQuery', ready)
    connection.removeListener('end', ended)
    fn(isAlive)
  }
  const ready = settle(true)
  const ended = settle(false)
  connection.once('readyForQuery', ready)
  connection.once('end', ended)
}
