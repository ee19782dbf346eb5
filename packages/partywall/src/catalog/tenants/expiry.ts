/** When a tenant expires: a demo, for example. */
import { TenancyError } from '../../errors.ts'
import { seen } from '../../seen.ts'

/** @throws TenancyError INVALID_ARGUMENT */
export function assertExpiry(what: string, value: unknown): asserts value is Date | null | undefined {
  const isDate = value instanceof Date && value.getTime() > 0 && value.getUTCFullYear() <= 9999
  if (value === undefined || value === null || isDate) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `"expiresAt" of ${what} must be a Date from 1970 to 9999, or null for never; it is ${seen(value)}.`,
    {
      details: { option: 'expiresAt' },
    },
  )
}
