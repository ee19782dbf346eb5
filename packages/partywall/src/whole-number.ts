/** The one check of numbers that a caller or a configuration gives. */
import { TenancyError } from './errors.ts'
import { seen } from './seen.ts'

export interface NumberRange {
  readonly least: number
  /** @default Number.MAX_SAFE_INTEGER */
  readonly most?: number
}

/** The largest timeout of PostgreSQL, which keeps it in 32 bits: almost 25 days. */
export const mostTimeoutMs = 2_147_483_647

/**
 * Passes a whole number of this range.
 * @param what the option as its user writes it, e.g. `"concurrency" of forEach`
 * @throws TenancyError with the code, which says the value seen and the range
 */
export function assertWholeNumber(
  code: 'INVALID_OPTION' | 'INVALID_ARGUMENT',
  what: string,
  option: string,
  value: unknown,
  { least, most = Number.MAX_SAFE_INTEGER }: NumberRange,
): asserts value is number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  throw new TenancyError(code, `${what} must be a whole number ${range}; it is ${seen(value)}.`, { details: { option } })
}
