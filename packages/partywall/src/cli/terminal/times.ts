/** Times in the life of a tenant, as flags give them: they may be longer than those of a statement. */
import { InvalidArgumentError } from 'commander'
import { parseDuration } from './duration.ts'

/** `30d`, `12h`, `10m`: milliseconds. At most 9999 days. */
export function lifetime(text: string): number {
  const days = /^(\d{1,4})d$/.exec(text)?.[1]
  return days === undefined ? parseDuration(text) : Number(days) * 86_400_000
}

/** The same, or `never`. The parser of a flag cannot return null. */
export function lifetimeOrNever(text: string): number | 'never' {
  return text === 'never' ? text : lifetime(text)
}

/** A time from now, such as `14d`, a date such as `2027-01-31`, or `never`. */
export function expiry(text: string): Date | 'never' {
  if (text === 'never') return text
  if (!/^\d{4}-/.test(text)) return new Date(Date.now() + lifetime(text))
  const date = new Date(text)
  if (!Number.isNaN(date.getTime())) return date
  throw new InvalidArgumentError('It must be a time such as 14d or 12h, a date such as 2027-01-31, or never.')
}

/** As the library takes it: null is never, undefined is the default. */
export function orNull<T extends Date | number>(value: T | 'never' | undefined): T | null | undefined {
  return value === 'never' ? null : value
}

/** A time ago, such as `14d`, or a date such as `2027-01-31`. */
export function past(text: string): Date {
  if (!/^\d{4}-/.test(text)) return new Date(Date.now() - lifetime(text))
  const date = new Date(text)
  if (!Number.isNaN(date.getTime())) return date
  throw new InvalidArgumentError('It must be a time such as 14d or 12h, or a date such as 2027-01-31.')
}
