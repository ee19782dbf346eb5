import type { Binding } from './binding.ts'
import type { BindingWriter } from './binding-writer.ts'
import type { SubmittableLike, TransactionStatusLike } from './pg-internals.ts'

/** What a bound query needs from the client that sends it; both kinds of query (ours, and query objects of libraries) use it. */
export interface Carrier {
  getTransactionStatus(): TransactionStatusLike
  /** 150000 for PostgreSQL 15; 0 while unknown. */
  readonly serverVersionNumber: number
  readonly bindingWriter: BindingWriter
  /** Throws when a transaction of another binding is open. */
  assertTransactionOf(binding: Binding): void
  /** Names of prepared statements that the server may or may not hold. */
  readonly uncertainNames: Set<string>
  /** True when the connection has no other query than this one: then a statement that is sent again keeps its place. */
  isIdle(query: SubmittableLike): boolean
  /** Sends the query once more, after the server is ready. */
  resubmit(query: SubmittableLike): void
}
