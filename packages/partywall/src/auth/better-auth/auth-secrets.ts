/** The secret of each tenant, derived from a secret of the application: what is signed for one tenant is worth nothing at another. */
import { createHash, hkdfSync } from 'node:crypto'
import { TenancyError } from '../../errors.ts'

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

export interface DerivedSecrets {
  readonly secret: string
  readonly secrets: { readonly version: number; readonly value: string }[]
}

/** As Better Auth takes them. The version names the master, so it stays the same when others come and go. */
export function derivedSecrets(masters: readonly string[], owner: string): DerivedSecrets {
  const secrets = masters.map((master) => ({
    version: createHash('sha256').update(`partywall version ${master}`).digest().readUInt32BE() >>> 1,
    value: Buffer.from(hkdfSync('sha256', master, owner, 'partywall better-auth', 32)).toString('base64url'),
  }))
  return { secret: secrets[0]!.value, secrets }
}
