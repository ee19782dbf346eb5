/**
 * The slices of node-postgres that partywall leans on and that its types leave out or describe more narrowly. Read in pg 8.23;
 * all of them are as old as pg 8.0 but for `getTransactionStatus` (8.21). A test holds the real classes against these shapes.
 */
import { Query, type CustomTypesConfig } from 'pg'

/** The wire: each method writes one message of the protocol. */
export interface ConnectionLike {
  readonly stream: { write(bytes: Uint8Array): unknown; cork?: () => void; uncork?: () => void }
  /** Names and texts of the prepared statements that the server is known to hold. */
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
}

/** The slice of node-postgres' client whose properties its types leave out. */
export interface ClientInternals {
  readonly connection: ConnectionLike
  readonly processID: number | null
  readonly readyForQuery?: boolean
  readonly _queryQueue?: readonly unknown[]
  readonly _activeQuery?: unknown
  readonly _queryable?: boolean
}

/** What a client calls on the query that it runs; the documented duties of a Submittable. */
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
  /** Only pg.Query has it: false when it goes by the simple protocol. */
  requiresPreparation?(): boolean
}

export type QueryCallback = (error: Error | undefined | null, result?: any) => void

/** The config object of `client.query`, with the keys that the types leave out. */
export interface QueryConfigLike {
  text?: string
  name?: string | undefined
  values?: readonly unknown[] | undefined
  types?: CustomTypesConfig | undefined
  rowMode?: 'array' | undefined
  queryMode?: 'extended' | undefined
  query_timeout?: number | undefined
  callback?: QueryCallback | undefined
}

/** `pg.Query`, whose methods the types do not show. */
export interface QueryLike extends SubmittableLike {
  text: string
  values: readonly unknown[] | undefined
  name: string | undefined
  queryMode: 'extended' | undefined
  callback: QueryCallback | undefined
  /** Why a row could not be read: a type parser threw. */
  _canceledDueToError: Error | false
  submit(connection: ConnectionLike): Error | null | undefined | void
  handleRowDescription(message: unknown): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: { text?: string }, connection: ConnectionLike): void
  handleReadyForQuery(connection: ConnectionLike): void
  handleError(error: Error, connection: ConnectionLike): void
  handleCopyInResponse(connection: ConnectionLike): void
}

export const QueryBase = Query as unknown as new (
  config: string | QueryConfigLike,
  values?: readonly unknown[] | undefined,
) => QueryLike

/** An error that came from the server as a message. Its severity is a word in the server's language: it tells nothing. */
export interface ServerError extends Error {
  readonly severity: string
  readonly code: string
  readonly routine?: string
}

export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && typeof (error as Partial<ServerError>).severity === 'string' && 'code' in error
}

/** I: idle, T: in a transaction, E: in a failed one, null: not known yet. */
export type TransactionStatusLike = 'I' | 'T' | 'E' | null
