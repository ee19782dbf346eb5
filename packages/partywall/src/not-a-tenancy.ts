/** The refusal of what was given in place of a tenancy: at the start of the app, and not as a TypeError at its first request. */
import { TenancyError } from './errors.ts'
import { seen } from './seen.ts'

/** @param what the function that takes the tenancy, for the message */
export function notATenancy(what: string, given: unknown): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    `${what} takes a tenancy first, the result of createTenancy(config); it got ${seen(given)}.`,
    {
      details: { what, option: 'tenancy', seen: seen(given) },
    },
  )
}
