/** The secret of each tenant, derived from a secret of the application: what is signed for one tenant is worth nothing at another. */
import { createHash, hkdfSync } from 'node:crypto'

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
