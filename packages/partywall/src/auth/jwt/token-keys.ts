/**
 * The keys that sign the tokens of a tenant. A key is derived from a secret of the application, the id of the tenant and the name of the key, so a copy
 * of the database signs nothing. The first eight characters of its name say which secret it was derived from.
 */
import { hkdfSync, randomBytes } from 'node:crypto'
import { recordAction } from '../../catalog/audit/record.ts'
import type { TokenCatalog } from './token-tenancy.ts'
import { addKeySql, retireKeysSql, signingKeySql } from './tokens-sql.ts'

export class TokenKeys {
  readonly #catalog: TokenCatalog
  /** By the name that the names of keys begin with. The first signs. */
  readonly #secrets: ReadonlyMap<string, string>
  readonly #first: string

  constructor(catalog: TokenCatalog, secrets: readonly string[]) {
    this.#catalog = catalog
    this.#secrets = new Map(secrets.map((secret) => [nameOf(secret), secret]))
    this.#first = nameOf(secrets[0]!)
  }

  /** The name of the key that signs. The first token of a tenant makes one, and so does the first under a new secret. */
  async signing(tenantId: string): Promise<string> {
    const { rows } = await this.#catalog.query<{ kid: string }>(signingKeySql(tenantId, this.#first))
    if (rows[0] !== undefined) return rows[0].kid
    const kid = this.#newName()
    await this.#catalog.query(addKeySql(tenantId, kid))
    return kid
  }

  /** The tokens of the other keys are refused after the time. */
  async rotate(tenantId: string, graceMs: number): Promise<void> {
    const kid = this.#newName()
    await this.#catalog.transaction(async (transaction) => {
      await transaction.query(addKeySql(tenantId, kid))
      await transaction.query(retireKeysSql(tenantId, kid, graceMs))
      await recordAction(transaction, { action: 'token.keys_rotated', tenant: { id: tenantId }, object: kid })
    })
  }

  /** Undefined for a name that no key of these secrets can have. Says nothing of whether the key was made: a token that it signed is genuine only then. */
  derive(tenantId: string, kid: unknown): Uint8Array | undefined {
    if (typeof kid !== 'string' || !/^[A-Za-z0-9_-]{8}[.][A-Za-z0-9_-]{16}$/.test(kid)) return undefined
    const secret = this.#secrets.get(kid.slice(0, 8))
    if (secret === undefined) return undefined
    return new Uint8Array(hkdfSync('sha256', secret, tenantId, `partywall token ${kid}`, 32))
  }

  #newName(): string {
    return `${this.#first}.${randomBytes(12).toString('base64url')}`
  }
}

function nameOf(secret: string): string {
  return Buffer.from(hkdfSync('sha256', secret, '', 'partywall token name of the secret', 6)).toString('base64url')
}
