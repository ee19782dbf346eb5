/** The ports through which the rooms above the database speak to it. Nothing outside this folder holds a raw connection. */
import type { Queryable } from './statement.ts'

/** One transaction on one connection. Its statements are bound to the shared schema, unless said otherwise with `in`. */
export interface Transaction extends Queryable {
  /**
   * The same transaction with its statements bound to this schema, which may have been created in it.
   * A statement may be a text of several; one that ends the transaction (commit, rollback) is refused.
   */
  in(schema: string): Queryable
}

/** The database as the catalog, the lifecycle and the migrations see it. */
export interface Database extends Queryable {
  /** Runs `fn` in one transaction: committed when it resolves, rolled back when it throws. Holds one connection. */
  transaction<T>(fn: (transaction: Transaction) => Promise<T>): Promise<T>
}
