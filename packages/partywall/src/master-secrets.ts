/** The secret of an application, from which those of its tenants are derived; or several, while one replaces another. */
import { TenancyError } from './errors.ts'

export interface MasterSecrets {
  /** At least 32 random characters. */
  secret?: string
  /** In place of `secret`, to replace it: the newest first. What was encrypted under the older ones can be read until you take them out. */
  secrets?: readonly string[]
}

/** @throws TenancyError INVALID_OPTION; the message does not hold the secret */
export function masterSecrets(what: string, { secret, secrets }: MasterSecrets): readonly string[] {
  const given: unknown = secrets === undefined ? [secret] : secrets
  const isOne = (secret === undefined) !== (secrets === undefined)
  if (isOne && Array.isArray(given) && given.length > 0 && given.every((each) => typeof each === 'string' && each.length >= 32))
    return [...new Set(given as string[])]
  throw new TenancyError(
    'INVALID_OPTION',
    `${what} needs "secret", a text of at least 32 random characters, or "secrets", a list of such texts with the newest first. Make one with: openssl rand -base64 32`,
    { details: { what, option: secrets === undefined ? 'secret' : 'secrets' } },
  )
}
