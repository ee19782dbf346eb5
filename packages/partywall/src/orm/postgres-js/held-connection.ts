/**
 * The connection of a transaction, taken not by `reserve` but from the first query that it executes: the other statements of the
 * transaction are sent after that query, and the loss of the connection is seen at once. Read in postgres.js 3.4.9.
 */
import type { ConnectionLike, QueryLike } from './sql-like.ts'

/**
 * It is held from its first query to the end. When postgres.js has lost a connection, it still writes to it, which ends the process, or to
 * the one that it opens in its place, which may serve another tenant by then.
 */
export class HeldConnection {
  readonly lost: Promise<{ readonly error: unknown }>
  wasHeld = false
  isLost = false
  #letGo: () => void = () => {}
  #lose: (outcome: { readonly error: unknown }) => void = () => {}

  constructor() {
    this.lost = new Promise((resolve) => (this.#lose = resolve))
  }

  /** postgres.js calls it with the connection that executes a query. */
  readonly hold = (connection: Pick<ConnectionLike, 'onclose'>): boolean => {
    this.wasHeld = true
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

  assertHeld(): void {
    if (this.isLost) throw Object.assign(new Error('The connection of this transaction is lost.'), { code: 'CONNECTION_CLOSED' })
  }

  /** The result of `work`; none after the connection is lost, because postgres.js must not roll back then. It fails by itself. */
  async whileHeld<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work()
      if (!this.isLost) return result
    } catch (error) {
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

/** Sends the query, and then the end of its transaction, on a connection that is sending the beginning. */
export function sendBehind(connection: ConnectionLike, query: QueryLike, closing: QueryLike): void {
  // Both are sent from here; awaiting them must not send them again.
  closing.executed = true
  const rest = [query, closing]
  const send = (): void => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      keepFromRetrying(next)
      const mayFollow = connection.execute(next)
      // From 3.4.5 on, this alone is enough.
      next.prepared = false
      if (!mayFollow && !next.cancelled) return
    }
  }
  connection.reserved = send
  // When a value cannot be written, postgres.js fails the query that is running and loses count of the answers. So a query with values
  // waits until it is the only one.
  if (query.args.length === 0) send()
}

/**
 * postgres.js sends a query again when its plan is stale: after the commit, so without its tenant. Before it does, it notes the error in the
 * query. Here the note ends the query with that error, and a query that counts as cancelled is not sent.
 */
function keepFromRetrying(query: QueryLike): void {
  const note = (error: unknown): void => {
    const { cancelled } = query
    query.cancelled = true
    queueMicrotask(() => (query.cancelled = cancelled))
    query.reject(error)
  }
  Object.defineProperty(query, 'retried', { configurable: true, get: () => undefined, set: note })
}

/**
 * postgres.js collects what it writes until the next turn of the event loop or until there are 1024 bytes. If the connection closes in
 * between, it puts them before the first message of the next connection, which then never gets through. So this fills the 1024 bytes.
 */
export const atOnce = ' '.repeat(1024)
