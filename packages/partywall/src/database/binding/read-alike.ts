/**
 * A session may read a text otherwise than partywall does, and find a COMMIT where partywall sees a part of a string:
 *
 * - Where the setting standard_conforming_strings is off, a backslash in a plain string escapes the quote behind it.
 * - node-postgres always sends UTF-8. Where client_encoding is another encoding, the bytes of a letter may swallow the backslash behind it.
 *
 * A text without a backslash, or without other letters than those of ASCII, means the same either way.
 */
import { TenancyError } from '../../errors.ts'
import type { Carrier } from './carrier.ts'

/** Passes a text that partywall and the server read alike. @throws TenancyError UNSAFE_SETUP */
export function assertReadAlike(
  text: string,
  { hasStandardStrings, hasUtf8 }: Pick<Carrier, 'hasStandardStrings' | 'hasUtf8'>,
): void {
  if (!hasStandardStrings && text.includes('\\')) {
    throw new TenancyError(
      'UNSAFE_SETUP',
      'A text with a backslash was not sent: the setting standard_conforming_strings is off for this session, so the server may see other ' +
        'statements in the text than partywall. Turn it on where it was turned off: for the role, for the database, or in the connection options.',
    )
  }
  if (!hasUtf8 && /[^\0-\x7f]/.test(text)) {
    throw new TenancyError(
      'UNSAFE_SETUP',
      'A text with letters outside ASCII was not sent: the setting client_encoding of this session is not UTF8, which node-postgres always ' +
        'sends, so the server would read other letters, and may see other statements, than partywall. Do not set client_encoding.',
    )
  }
}
