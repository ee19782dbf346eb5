/**
 * The connection of a transaction, taken not by `reserve` but from the first query that it executes: the other statements of the
 * transaction are sent after that query, and the loss of the connection is seen at once. Read in postgres.js 3.4.9.
 */
import { settled } from './answer.ts'
import type { ConnectionLike, QueryLike } from './sql-like.ts'

/**
 * It is held from its first query to the end. When postgres.js has lost a connection, it still writes to it, which ends the process, or to
 * the one that it opens in its place, which may serve another tenant by then.
 */
export class HeldConnection {
  readonly lost: Promise<{ readonly error: unknown }>
  wasHeld = false
  isLost = false
  #connection: ConnectionLike | undefined
  #reserved: ConnectionLike['reserved'] = null
  #requests: Promise<unknown> | undefined
  #letGo: () => void = () => {}
  #lose: (outcome: { readonly error: unknown }) => void = () => {}

  constructor() {
    this.lost = new Promise((resolve) => (this.#lose = resolve))
  }

  /** postgres.js calls it with the connection that executes a query. */
  readonly hold = (connection: ConnectionLike): boolean => {
    this.wasHeld = true
    this.#connection = connection
    this.#reserved = connection.reserved
    const before = connection.onclose
    const onclose = (error: unknown): void => {
      this.isLost = true
      this.#lose({ error })
      before?.(error)
    }
    Object.assign(connection, { onclose })
    this.#letGo = () => void Object.assign(connection, { onclose: before ?? null })
    return true
  }

  letGo(): void {
    if (!this.isLost) this.#letGo()
  }

  /**
   * Ends a transaction that postgres.js has left open, because its own COMMIT or ROLLBACK was cancelled; it would keep the connection for
   * it indefinitely.
   */
  endTransaction(rollback: QueryLike): void {
    const connection = this.#connection
    if (connection === undefined || this.isLost || this.#reserved === null || connection.reserved !== this.#reserved) return
    rollback.executed = true
    void settled(rollback)
    connection.execute(rollback)
  }

  assertHeld(): void {
    if (this.isLost) throw Object.assign(new Error('The connection of this transaction is lost.'), { code: 'CONNECTION_CLOSED' })
  }

  /**
   * A request to cancel was sent: until it has ended, it may hit any statement on this connection. One that does not end in time costs the
   * connection: without its session, the request is void.
   */
  holdUntil(requestEnded: Promise<unknown>): void {
    const connection = this.#connection!
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        if (!this.isLost) connection.terminate()
        resolve()
      }, longestRequestMs)
    })
    const ended = Promise.race([requestEnded, late, this.lost]).finally(() => clearTimeout(timer))
    const all = Promise.all([this.#requests, ended]).finally(() => {
      if (this.#requests === all) this.#requests = undefined
    })
    this.#requests = all
  }

  /** Resolves when no request to cancel can hit this connection; undefined if none can now. */
  get requestsEnded(): Promise<unknown> | undefined {
    return this.#requests
  }

  /** The result of `work`; none after the connection is lost, because postgres.js must not roll back then. It fails by itself. */
  async whileHeld<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work()
      await this.#requests
      if (!this.isLost) return result
    } catch (error) {
      await this.#requests
      // The notice of the loss may come a moment after the error.
      if (isConnectionError(error)) await Promise.race([this.lost, new Promise((resolve) => setTimeout(resolve, 1000).unref())])
      if (!this.isLost) throw error
    }
    return new Promise(() => {})
  }
}

function isConnectionError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(CONNECTION_|E[A-Z]+$|57P0)/.test(String(error.code))
}

/** A server answers a request to cancel at once. */
const longestRequestMs = 10_000
