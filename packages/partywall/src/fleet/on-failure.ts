import { TenancyError } from '../errors.ts'

/**
 * What all fleet work does after a failure: `continue` with the other tenants, or `stop`, so that no further one starts.
 * @param what the call, e.g. `forEach`
 * @throws TenancyError INVALID_ARGUMENT
 */
export function assertOnFailure(what: string, value: unknown): asserts value is 'continue' | 'stop' {
  if (value === 'continue' || value === 'stop') return
  const seen = typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : typeof value
  throw new TenancyError('INVALID_ARGUMENT', `"onFailure" of ${what} must be 'continue' or 'stop'; it is ${seen}.`, {
    details: { option: 'onFailure' },
  })
}
