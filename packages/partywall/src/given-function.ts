/** Refuses what is no function where one is called later: `run('acme', pool.query(…))` sends its query before the scope begins. */
import { TenancyError } from './errors.ts'
import { seen } from './seen.ts'

/** The error when `fn` is no function; undefined when it is one. For functions that reject instead of throwing. */
export function functionProblem(what: string, fn: unknown): TenancyError<'INVALID_ARGUMENT'> | undefined {
  if (typeof fn === 'function') return undefined
  const isPromise = typeof (fn as { then?: unknown } | null | undefined)?.then === 'function'
  return new TenancyError(
    'INVALID_ARGUMENT',
    `${what} takes a function; it got ${isPromise ? 'a promise' : seen(fn)}. ` +
      (isPromise
        ? 'The work has begun outside of the scope: write () => … around it.'
        : 'Give it the work as a function: () => ….'),
    { details: { what, option: 'fn' } },
  )
}

/** @throws TenancyError INVALID_ARGUMENT */
export function assertFunction(what: string, fn: unknown): asserts fn is Function {
  const problem = functionProblem(what, fn)
  if (problem !== undefined) throw problem
}
