/** The verdict on a client that is given back: it may be used again only where nothing speaks against it. */
import type { Tampering } from '../../events.ts'
import { queryQueueOf, type ClientInternals, type TransactionStatusLike } from '../binding/pg-internals.ts'

export type Verdict =
  | { readonly isClean: true }
  | { readonly isClean: false; readonly reason: string; readonly tampering?: Tampering }

export const clean: Verdict = Object.freeze({ isClean: true })

/** What a connection still does, in words; undefined where it is at rest, outside of a transaction. */
export function doubtAbout(client: ClientInternals, status: TransactionStatusLike): string | undefined {
  if (client._queryable === false) return 'the connection is lost'
  if (client.readyForQuery !== true || queryQueueOf(client)?.length !== 0) return 'a statement is still running'
  return status === 'I' ? undefined : 'a transaction is still open'
}
