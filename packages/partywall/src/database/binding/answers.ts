/** The ways in which an answer reaches the caller: by a promise, by a callback, by the query object. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { ConnectionLike, QueryCallback, SubmittableLike } from './pg-internals.ts'

/** A refusal reaches the caller as an error of the server would. */
export function refuse(
  error: Error,
  query: SubmittableLike | undefined,
  done: QueryCallback | undefined,
  connection: ConnectionLike,
): unknown {
  if (query !== undefined) {
    process.nextTick(() => query.handleError?.(error, connection))
    return query
  }
  if (done === undefined) return Promise.reject(error)
  process.nextTick(done, error)
  return undefined
}

/** node-postgres takes a callback in any of these places. */
export function callbackOf(config: any, values: unknown, callback: unknown): QueryCallback | undefined {
  if (typeof callback === 'function') return callback as QueryCallback
  if (typeof values === 'function') return values as QueryCallback
  return typeof config?.callback === 'function' ? config.callback : undefined
}

/** Callbacks run in the async context that they were passed in, not in that of the socket that receives the answer. */
export function inCurrentContext<F extends (...args: any[]) => unknown>(fn: F | undefined): F | undefined {
  if (fn === undefined) return undefined
  const inContext = AsyncLocalStorage.snapshot()
  return ((...args: unknown[]) => inContext(() => fn(...args))) as F
}

/** The pool's callback releases the connection; the query's own, if it has one, is the caller's. */
export function both(ours: QueryCallback, own: QueryCallback | undefined): QueryCallback {
  if (own === undefined) return ours
  return (error, result) => {
    ours(error, result)
    own(error, result)
  }
}
