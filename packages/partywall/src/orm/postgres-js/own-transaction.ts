/**
 * A query in a transaction of its own, on a connection that is sending the beginning. Nothing is sent behind the beginning before it has
 * answered: if the server were to cancel BEGIN itself, the query would run outside a transaction, unbound.
 */
import { settled } from './answer.ts'
import type { Cancellation } from './cancelling.ts'
import type { HeldConnection } from './held-connection.ts'
import type { ConnectionLike, QueryLike, SqlLike } from './sql-like.ts'

export class OwnTransaction {
  /** The beginning has answered, and left a transaction: the rest was sent. */
  hasBegun = false
  /** Resolves when postgres.js has the connection back; undefined if it has it already. */
  givenBack: Promise<unknown> | undefined
  readonly #sql: SqlLike
  readonly #held: HeldConnection
  readonly #connection: ConnectionLike
  readonly #query: QueryLike
  readonly #cancellation: Cancellation
  readonly #rest: QueryLike[]
  #hasFailedToClose = false
  #isAnswered = false

  /** @param closing sent right behind the query */
  constructor(
    sql: SqlLike,
    held: HeldConnection,
    connection: ConnectionLike,
    query: QueryLike,
    cancellation: Cancellation,
    closing: QueryLike,
  ) {
    this.#sql = sql
    this.#held = held
    this.#connection = connection
    this.#query = query
    this.#cancellation = cancellation
    this.#rest = [query, closing]
    // It is sent from here; awaiting it must not send it again.
    closing.executed = true
    const { reject } = closing
    closing.reject = (error) => {
      this.#hasFailedToClose = true
      reject(error)
    }
    connection.reserved = () => this.#next()
    cancellation.sentOn(this)
  }

  get isLost(): boolean {
    return this.#held.isLost
  }

  /** A request to cancel was sent: postgres.js gets the connection back when that has ended. */
  holdUntil(requestEnded: Promise<unknown>): void {
    const { reserved } = this.#connection
    this.#held.holdUntil(requestEnded)
    reserved!.release = true
    this.givenBack = this.#held.requestsEnded!.then(() => {
      reserved!.release = false
      return this.#isAnswered ? this.#giveBack() : undefined
    })
  }

  /** Everything that was sent is answered. */
  #next(): void {
    this.hasBegun = true
    if (this.#rest.length > 0) return this.#send()
    this.#isAnswered = true
    // It ends with a transaction that could not be closed, because the server was told to cancel COMMIT itself.
    if (this.#connection.reserved?.release !== true) this.givenBack = this.#giveBack()
  }

  #send(): void {
    for (let next = this.#rest.shift(); next !== undefined; next = this.#rest.shift()) {
      if (next === this.#query && this.#cancellation.isUnsent) continue
      keepFromRetrying(next)
      const mayFollow = this.#connection.execute(next)
      // From 3.4.5 on, this alone is enough.
      next.prepared = false
      if (!mayFollow) return
    }
  }

  /** postgres.js takes the connection back when a statement leaves the server outside a transaction. */
  async #giveBack(): Promise<void> {
    if (this.isLost) return
    const last = this.#sql.unsafe(`${this.#hasFailedToClose ? 'rollback' : 'select'}${atOnce}`)
    last.executed = true
    const done = settled(last)
    this.#connection.execute(last)
    await Promise.race([done, this.#held.lost])
  }
}

/**
 * postgres.js sends a query again when its plan is stale: after the commit, so without its tenant. Before it does, it notes the error in the
 * query. Here the note ends the query with that error, and a query that counts as cancelled is not sent.
 */
export function keepFromRetrying(query: QueryLike): void {
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
