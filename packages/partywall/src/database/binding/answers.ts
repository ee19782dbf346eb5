/** The ways in which an answer reaches the caller: by a promise, by a callback, by the query object. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { CustomTypesConfig } from 'pg'
import type { ConnectionLike, QueryCallback } from './pg-internals.ts'
import { isQueryObject } from './query-object.ts'

/** A call of `query`. */
export interface QueryCall {
  readonly config: any
  readonly values: any
  readonly callback: any
  /** How values are read, where the config does not say it. @default the parsers of the connection */
  readonly types?: CustomTypesConfig | undefined
}

/** A refusal reaches the caller as an error of the server would. */
export function refuse(call: QueryCall, error: Error): unknown {
  const { config } = call
  const done = callbackFor(call)
  if (isQueryObject(config)) {
    if (done !== undefined) config.callback = done
    // It was not sent: it has no connection.
    process.nextTick(() => config.handleError?.(error, unconnected))
    return config
  }
  if (done === undefined) return Promise.reject(error)
  process.nextTick(done, error)
  return undefined
}

const unconnected = undefined as unknown as ConnectionLike

/**
 * The callback of a call. node-postgres takes it in any of these places; a query object that has its own does not get another one.
 * @throws TypeError without a query
 */
export function callbackFor(call: QueryCall): QueryCallback | undefined {
  const { config } = call
  if (config === null || config === undefined) throw new TypeError('query needs a text, a config object or a query object.')
  const given = givenCallback(call)
  const own: QueryCallback | undefined = typeof config.callback === 'function' ? config.callback : undefined
  if (isQueryObject(config)) return own === undefined ? given : undefined
  return given ?? own
}

/** The callback among the arguments of a call. */
export function givenCallback({ values, callback }: QueryCall): QueryCallback | undefined {
  if (typeof callback === 'function') return callback
  return typeof values === 'function' ? values : undefined
}

/** Callbacks run in the async context that they were passed in, not in that of the socket that receives the answer. */
export function inCurrentContext<F extends (...args: any[]) => unknown>(fn: F | undefined): F | undefined {
  if (fn === undefined) return undefined
  const inContext = AsyncLocalStorage.snapshot()
  return ((...args: unknown[]) => inContext(() => fn(...args))) as F
}

/** For `catch`: the stack up to the socket says nothing, so the error gets that of the code that awaits the answer. */
export function throwFromCaller(error: unknown): never {
  if (error instanceof Error) Error.captureStackTrace(error, throwFromCaller)
  throw error
}

/**
 * The pool's callback releases the connection; the query's own, if it has one, is the caller's. A timer of node-postgres, and the end of the
 * connection after it, would call it twice.
 */
export function onceBoth(ours: QueryCallback, own: QueryCallback | undefined): QueryCallback {
  let isCalled = false
  return (error, result) => {
    if (isCalled) return
    isCalled = true
    ours(error, result)
    own?.(error, result)
  }
}
