/**
 * `query.cancel()`. PostgreSQL cancels whatever the backend runs when the request arrives, which may be after the query was answered. So a
 * request is sent only while the query runs, and its connection goes to no other statement until the request can no longer arrive.
 *
 * | state of the query | what `cancel()` does |
 * |---|---|
 * | not sent: waits for its connection or its binding | rejects it; it is never sent |
 * | sent, behind other queries of its transaction | waits until it runs |
 * | runs | sends a request; its connection is held until the server has closed the connection of the request |
 * | answered, also while its commit runs | nothing |
 */
import type { Canceller, QueryLike, SqlLike } from './sql-like.ts'

/** The connection that a query is sent on. */
interface Holder {
  readonly isLost: boolean
  /** Keeps it from other statements. */
  holdUntil(requestEnded: Promise<unknown>): void
}

export class Cancellation {
  /** It was cancelled before it was sent, and must not be sent. */
  isUnsent = false
  readonly #query: QueryLike
  readonly #sql: SqlLike
  /** That of postgres.js. */
  readonly #canceller: Canceller
  #connection: Holder | undefined
  #isAnswered = false
  #onUnsent: (error: unknown) => void

  constructor(query: QueryLike, sql: SqlLike) {
    this.#query = query
    this.#sql = sql
    this.#canceller = query.canceller!
    this.#onUnsent = (error) => query.reject(error)
    query.canceller = () => this.#cancel()
  }

  /** Called with the error of a query that was cancelled before it was sent. */
  onUnsent(reject: (error: unknown) => void): void {
    this.#onUnsent = reject
  }

  /** The query is sent, or is about to be, on this connection. */
  sentOn(connection: Holder): void {
    this.#connection = connection
    this.#isAnswered = false
  }

  answered(): void {
    this.#isAnswered = true
  }

  async #cancel(): Promise<void> {
    const connection = this.#connection
    if (this.#query.state === null || connection === undefined) {
      this.isUnsent = true
      // Makes the error of postgres.js for a query that was not sent.
      await this.#canceller({ state: null, reject: (error) => this.#onUnsent(error) })
    } else if (this.#query.active) this.#request(connection)
    else this.#whenActive(() => this.#request(connection))
  }

  #request(connection: Holder): void {
    const { state } = this.#query
    if (this.#isAnswered || connection.isLost || state === null) return
    connection.holdUntil(this.#requestEnded(state))
  }

  /**
   * Resolves when the connection of the request is closed: the server closes it after it has signalled the backend, and a pooler after the
   * server has closed its own. The promise of postgres.js does not resolve when the connection uses TLS; but each connection that closes
   * asks for the time until it may be opened again.
   */
  #requestEnded(state: object): Promise<void> {
    const { options } = this.#sql
    const { backoff } = options
    return new Promise((resolve) => {
      options.backoff = (retries) => {
        resolve()
        return typeof backoff === 'function' ? backoff(retries) : backoff
      }
      try {
        // A request that could not be sent cancels nothing, and fails nothing.
        this.#canceller({ state, active: true, reject: () => {} }).then(() => resolve(), resolve)
      } finally {
        options.backoff = backoff
      }
    })
  }

  #whenActive(then: () => void): void {
    let isActive = false
    Object.defineProperty(this.#query, 'active', {
      configurable: true,
      get: () => isActive,
      set: (value: boolean) => {
        isActive = value
        if (value) then()
      },
    })
  }
}

/** Makes a query of a transaction harmless that postgres.js has queued and will send in any case. */
export function emptyText(query: QueryLike): void {
  query.strings = ['select']
  query.args = []
}
