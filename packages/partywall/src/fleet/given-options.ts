/** Options of fleet work that are neither numbers nor words. */
import { TenancyError } from '../errors.ts'
import { seen } from '../seen.ts'

/** @throws TenancyError INVALID_ARGUMENT */
export function assertSignal(what: string, value: unknown): asserts value is AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return
  throw refused(what, 'signal', 'an AbortSignal', value)
}

/** @throws TenancyError INVALID_ARGUMENT */
export function assertCallback(what: string, option: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw refused(what, option, 'a function', value)
}

function refused(what: string, option: string, allowed: string, value: unknown): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `"${option}" of ${what} must be ${allowed}; it is ${seen(value)}.`, {
    details: { option, what },
  })
}
