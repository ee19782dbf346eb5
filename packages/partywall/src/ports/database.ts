/** The shapes in which the rooms above see the database. No other room holds a connection of its own. */
import type { Queryable, Statement } from '../sql/statement.ts'
import type { Tenant } from '../types.ts'

/** One transaction on one connection. The names in its statements must be qualified, unless `in` names a schema. */
export interface Transaction extends Queryable {
  /**
   * The same transaction with its statements bound to this schema, which may have been created in it.
   * A statement may be a text of several; one that ends the transaction (commit, rollback) is refused.
   */
  in(schema: string): Queryable
  /**
   * The same transaction with its statements bound to the tenant, as those of the application are: with its role, its id and its timeout. Not for
   * connections of the deploy role.
   * @throws TenancyError WRONG_TENANT where the tenant has connections of its own (the boundary `login`)
   */
  asTenant(tenant: Tenant<any>): Queryable
  /**
   * Sends a text of several statements, bound to the schema: one round trip. A text that ends the transaction is refused.
   * @param foreign the part of the text that partywall did not write, exactly as it is in the text: only this part is examined for
   * statements that end the transaction or leave something on the session
   */
  send(schema: string, text: string, foreign: string): Promise<void>
}

/** Connections beside the pool of the application: work on many schemas neither waits for the application nor makes it wait. */
export interface Connections {
  /** The most that are open at a time. */
  readonly size: number
  /**
   * As `send` of a transaction, in a transaction of its own. For an error, `completedBefore` says how many statements were done.
   */
  send(schema: string, text: string, foreign: string): Promise<void>
  /** As `transaction` of the database. */
  transaction<T>(fn: (transaction: Transaction) => Promise<T>): Promise<T>
  /**
   * Runs `fn` with a connection whose search path is set for the whole session, for statements that must run outside of a transaction. The
   * connection is closed afterwards.
   * @throws TenancyError UNSAFE_STATEMENT behind a pooler
   */
  session<T>(schema: string, fn: (session: Queryable) => Promise<T>): Promise<T>
}

/** One statement for many tenants. */
export interface TenantBatch extends Required<Statement> {
  readonly statementTimeoutMs: number
  /** The most rows of one tenant that the server sends. */
  readonly mostRows: number
  /** The most rows, and the most bytes, of all tenants of the batch that are kept. */
  readonly mostKept: { readonly rows: number; readonly bytes: number }
}

export interface TenantRows {
  /** The rows of each tenant, in the order of the tenants, as far as the batch came. */
  readonly rows: readonly (readonly Record<string, unknown>[])[]
  readonly bytes: number
  /** There were more rows or bytes than may be kept: the rows are not complete. */
  readonly isTooMuch: boolean
  /** The statement failed in the tenant behind those that have rows. */
  readonly error?: Error
}

/** Reads in many tenants: each statement is bound to its tenant as if it were alone, and cannot write. */
export interface TenantReads {
  /** Tenants of one door can be read in one batch. */
  doorOf(tenant: Tenant<any>): string
  /** One read-only transaction. Rejects when the connection fails. @param signal when it is aborted, the server is asked to end the statement */
  read(tenants: readonly Tenant<any>[], batch: TenantBatch, signal?: AbortSignal): Promise<TenantRows>
  /** Whether time may solve it: the server is away. */
  isPassing(error: unknown): boolean
}

/** The database as the catalog, the lifecycle and the migrations see it. The names in its statements must be qualified. */
export interface Database extends Queryable {
  /**
   * Runs `fn` in one transaction: committed when it resolves, rolled back when it throws. Holds one connection.
   * @param signal when it is aborted, the server is asked to end the statement that runs, which then fails
   */
  transaction<T>(fn: (transaction: Transaction) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** The role that its connections log in as. Costs one round trip. */
  loginRole(): Promise<string>
  /** Runs `fn` with up to `size` connections, which are opened when they are needed. Behind a pooler they count there, too. */
  connections<T>(size: number, fn: (connections: Connections) => Promise<T>): Promise<T>
}
