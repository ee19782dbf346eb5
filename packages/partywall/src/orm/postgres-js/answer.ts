/** What becomes of a query: its answer, taken before the caller has it, and what an error of it means. */
import type { QueryLike } from './sql-like.ts'

export type Outcome = { readonly value: unknown } | { readonly error: unknown }

export interface Interception {
  /** What postgres.js has to say about the query the next time. */
  next(): Promise<Outcome>
  /** Tells it to the caller. */
  settle(outcome: Outcome): void
}

/** Takes the answer that is meant for the caller, who is to have it when the commit has answered, too. */
export function interceptOutcome(query: QueryLike): Interception {
  // A cursor puts functions of its own here for each of its parts.
  let { resolve, reject } = query
  let answer: ((outcome: Outcome) => void) | undefined
  let early: Outcome | undefined
  const take = (outcome: Outcome): void => {
    early = outcome
    answer?.(outcome)
  }
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
    next: () => {
      // It may have been cancelled while it waited for a connection.
      const said = query.cancelled ? early : undefined
      return new Promise((given) => (said === undefined ? (answer = given) : given(said)))
    },
    settle: (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value)),
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

/** An error after which the connection goes on. */
export function isServerError(error: unknown): error is ServerErrorLike {
  return error instanceof Error && (error as Partial<ServerErrorLike>).severity === 'ERROR'
}

/** A migration changed the columns under a prepared statement, or the session does not know it: a pooler may have lent another one. */
export function isStalePlan(error: unknown): boolean {
  if (!isServerError(error)) return false
  const { code, routine } = error
  return (code === '0A000' && routine === 'RevalidateCachedQuery') || (code === '26000' && routine === 'FetchPreparedStatement')
}
