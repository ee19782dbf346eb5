/** The one check of numbers that a caller or a configuration gives. */
import { TenancyError } from './errors.ts'

export interface NumberRange {
  readonly least: number
  /** @default Number.MAX_SAFE_INTEGER */
  readonly most?: number
}

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
  throw new TenancyError(code, `${what} must be a whole number ${range}; it is ${shown(value)}.`, { details: { option } })
}

/** Numbers and short texts as they are; of everything else its type, for it may hold a secret. */
function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : typeof value
}
