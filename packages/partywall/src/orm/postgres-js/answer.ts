/** The outcome of a query, intercepted before the caller receives it, and the meaning of its errors. */
import type { QueryLike } from './sql-like.ts'

export type Outcome = { readonly value: unknown } | { readonly error: unknown }

export interface Interception {
  /** The next outcome that postgres.js reports for the query. */
  next(): Promise<Outcome>
  /** Gives it to the caller. */
  settle(outcome: Outcome): void
  /** Gives the error to the caller at once; the query is not sent, so this is also its next outcome. */
  cancel(error: unknown): void
}

/**
 * Intercepts the answer for the caller, which must not receive it before the commit has answered.
 * @param onAnswer called with each outcome that postgres.js reports
 */
export function interceptOutcome(query: QueryLike, onAnswer: () => void): Interception {
  // A cursor sets functions of its own here for each batch of rows.
  let { resolve, reject } = query
  let answer: ((outcome: Outcome) => void) | undefined
  let cancelled: Outcome | undefined
  const take = (outcome: Outcome): void => {
    onAnswer()
    answer?.(outcome)
  }
  const settle = (outcome: Outcome): void => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value))
  Object.defineProperties(query, {
    resolve: {
      get: () => (value: unknown) => take({ value }),
      set(own) {
        resolve = own
      },
    },
    reject: {
      get: () => (error: unknown) => take({ error }),
      set(own) {
        reject = own
      },
    },
  })
  return {
    next: () => new Promise((given) => (cancelled === undefined ? (answer = given) : given(cancelled))),
    settle,
    cancel: (error) => {
      cancelled = { error }
      settle(cancelled)
      answer?.(cancelled)
    },
  }
}

export async function settled(promise: Promise<unknown>): Promise<Outcome> {
  try {
    return { value: await promise }
  } catch (error) {
    return { error }
  }
}

interface ServerErrorLike extends Error {
  readonly severity: string
  readonly code: string
  readonly routine?: string
}

/** An error after which the connection can still be used. */
export function isServerError(error: unknown): error is ServerErrorLike {
  return error instanceof Error && (error as Partial<ServerErrorLike>).severity === 'ERROR'
}

/** A migration changed the columns under a prepared statement, or the session does not know it: a pooler may have given another session. */
export function isStalePlan(error: unknown): boolean {
  if (!isServerError(error)) return false
  const { code, routine } = error
  return (code === '0A000' && routine === 'RevalidateCachedQuery') || (code === '26000' && routine === 'FetchPreparedStatement')
}
