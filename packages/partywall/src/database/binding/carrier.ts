import type { StatementFacts } from '../../sql/statement-facts.ts'
import type { Binding } from './binding.ts'
import type { BindingWriter } from './binding-writer.ts'
import type { SubmittableLike, TransactionStatusLike } from './pg-internals.ts'
import type { PreparedNames } from './prepared-names.ts'

/** What a statement requires of the client that sends it, whether it is our own query or a query object of a library. */
export interface Carrier {
  getTransactionStatus(): TransactionStatusLike
  /** 150000 for PostgreSQL 15; 0 while unknown. */
  readonly serverVersionNumber: number
  readonly bindingWriter: BindingWriter
  /** Called when the statement's turn comes. Throws when a transaction of another binding is open. */
  assertTransactionOf(binding: Binding, facts: StatementFacts): void
  /** False where a backslash in a plain string escapes what follows. */
  readonly hasStandardStrings: boolean
  /** False where the server reads what node-postgres sends by another encoding. */
  readonly hasUtf8: boolean
  readonly preparedNames: PreparedNames
  /** True when the connection has no other query than this one: a statement that is sent again keeps its place then. */
  isIdle(query: SubmittableLike): boolean
  /** Sends the query once more, after the server is ready. */
  resubmit(query: SubmittableLike): void
  /** Closes the connection when it is given back: its session is not as partywall left it. */
  doubt(reason: string): void
  /** Closes the connection at once, because its answers cannot be trusted any more. */
  abandon(): void
}
