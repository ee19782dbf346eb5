import { TenancyError } from '../errors.ts'
import { seen } from '../seen.ts'

/**
 * What all fleet work does after a failure: `continue` with the other tenants, or `stop`, so that no further one starts.
 * @param what the call, e.g. `forEach`
 * @throws TenancyError INVALID_ARGUMENT
 */
export function assertOnFailure(what: string, value: unknown): asserts value is 'continue' | 'stop' {
  if (value === 'continue' || value === 'stop') return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `"onFailure" of ${what} must be 'continue' or 'stop'; it is ${seen(value, 'quoted')}.`,
    {
      details: { option: 'onFailure' },
    },
  )
}
