/** The ports through which the rooms above the database speak to it. Nothing outside this folder holds a raw connection. */
import type { Queryable } from '../sql/statement.ts'

/** One transaction on one connection. Its statements are bound to the shared schema, unless said otherwise with `in`. */
export interface Transaction extends Queryable {
  /**
   * The same transaction with its statements bound to this schema, which may have been created in it.
   * A statement may be a text of several; one that ends the transaction (commit, rollback) is refused.
   */
  in(schema: string): Queryable
}

/** Connections that are somebody's own for a while: work on many schemas neither waits for the application nor makes it wait. */
export interface Connections {
  /** Most that are open at a time. */
  readonly size: number
  /**
   * Sends a text of statements, bound to the schema, in a transaction of its own: one round trip. A text that ends the transaction is
   * refused. Of an error, `completedBefore` tells how many statements were done.
   * @param foreign the part of the text that is not our own, as it stands there: it is what may end the transaction or leave something
   */
  send(schema: string, text: string, foreign: string): Promise<void>
  /** As that of the database. */
  transaction<T>(fn: (transaction: Transaction) => Promise<T>): Promise<T>
  /**
   * Lends a connection whose path is set for the whole session, for statements that must be outside of a transaction. Closed afterwards.
   * @throws TenancyError UNSAFE_STATEMENT behind a pooler
   */
  session<T>(schema: string, fn: (session: Queryable) => Promise<T>): Promise<T>
}

/** The database as the catalog, the lifecycle and the migrations see it. */
export interface Database extends Queryable {
  /** Runs `fn` in one transaction: committed when it resolves, rolled back when it throws. Holds one connection. */
  transaction<T>(fn: (transaction: Transaction) => Promise<T>): Promise<T>
  /** Lends up to `size` connections while `fn` runs, opened when they are needed; behind a pooler they count there, too. */
  connections<T>(size: number, fn: (connections: Connections) => Promise<T>): Promise<T>
}
