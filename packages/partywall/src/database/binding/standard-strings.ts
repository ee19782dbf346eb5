/**
 * Where the setting standard_conforming_strings is off, a backslash in a plain string escapes the quote behind it. partywall reads texts by
 * the standard, so it would take a COMMIT for a part of a string. A text without a backslash means the same either way.
 */
import { TenancyError } from '../../errors.ts'
import type { Carrier } from './carrier.ts'

/** Passes a text that partywall and the server read alike. @throws TenancyError UNSAFE_SETUP */
export function assertReadAlike(text: string, { hasStandardStrings }: Pick<Carrier, 'hasStandardStrings'>): void {
  if (hasStandardStrings || !text.includes('\\')) return
  throw new TenancyError(
    'UNSAFE_SETUP',
    'A text with a backslash was not sent: the setting standard_conforming_strings is off for this session, so the server may see other ' +
      'statements in the text than partywall. Turn it on where it was turned off: for the role, for the database, or in the connection options.',
  )
}
