/**
 * Encrypts secret settings: AES-256-GCM with a random nonce. The id of the tenant and the key of the setting are authenticated with it, so that a text that is
 * copied to another tenant, or to another setting, does not open. A name that is derived from each secret of the application says which one a text needs.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { TenancyError } from '../errors.ts'

/** A secret as it is stored. Its class tells it from a value. */
export class Sealed {
  /** In base64: nonce, tag, text. */
  readonly text: string
  /** The name of the secret that encrypted it. */
  readonly by: string

  constructor(text: string, by: string) {
    this.text = text
    this.by = by
  }
}

interface Owner {
  readonly id: string
  readonly schema: string
}

const nonceBytes = 12
const tagBytes = 16

export class Cipher {
  readonly #keys: ReadonlyMap<string, Buffer>
  /** The name of the key that encrypts; undefined where there is none. */
  readonly newest: string | undefined

  /** @param secrets the first encrypts */
  constructor(secrets: readonly string[]) {
    this.#keys = new Map(secrets.map((secret) => [nameOf(secret), derive(secret, 'partywall settings', 32)]))
    this.newest = secrets[0] === undefined ? undefined : nameOf(secrets[0])
  }

  /** @throws TenancyError INVALID_OPTION where there is no key */
  seal(tenantId: string, key: string, value: unknown): Sealed {
    const { newest } = this
    if (newest === undefined) throw noKey(key)
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#keys.get(newest)!, nonce, { authTagLength: tagBytes })
    cipher.setAAD(ownerOf(tenantId, key))
    const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
    return new Sealed(Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64'), newest)
  }

  /** @throws TenancyError SETTINGS_UNREADABLE: never an empty value */
  open(tenant: Owner, key: string, { text, by }: Sealed): unknown {
    const own = this.#keys.get(by)
    if (own === undefined) throw unknownKey(tenant, key, by)
    const bytes = Buffer.from(text, 'base64')
    if (bytes.length < nonceBytes + tagBytes) throw altered(tenant, key)
    const decipher = createDecipheriv('aes-256-gcm', own, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
    decipher.setAAD(ownerOf(tenant.id, key))
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
    const opened = decipher.update(bytes.subarray(nonceBytes + tagBytes))
    try {
      return JSON.parse(Buffer.concat([opened, decipher.final()]).toString('utf8'))
    } catch {
      throw altered(tenant, key)
    }
  }
}

/** The id of a tenant has no space, so that two owners never have the same text. */
function ownerOf(tenantId: string, key: string): Buffer {
  return Buffer.from(`${tenantId.toLowerCase()} ${key}`)
}

function derive(secret: string, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, bytes))
}

/** Eight characters, which are public. */
function nameOf(secret: string): string {
  return derive(secret, 'partywall settings name of the secret', 6).toString('base64url')
}

function noKey(key: string): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    `The setting ${JSON.stringify(key)} is encrypted, and the option "settings.key" is not given. openssl rand -base64 32 prints one.`,
    { details: { option: 'settings.key' } },
  )
}

function unknownKey({ schema }: Owner, key: string, by: string): TenancyError {
  return new TenancyError(
    'SETTINGS_UNREADABLE',
    `The secret setting ${JSON.stringify(key)} of the tenant ${JSON.stringify(schema)} was encrypted under a key that the option "settings.key" does not ` +
      `have (its name is ${by}). Add that key to the end of the list, or set the setting again.`,
    { details: { schema, reason: 'unknown key', keys: [key] } },
  )
}

function altered({ schema }: Owner, key: string): TenancyError {
  return new TenancyError(
    'SETTINGS_UNREADABLE',
    `The secret setting ${JSON.stringify(key)} of the tenant ${JSON.stringify(schema)} does not open: in the database it was changed, or copied from another ` +
      'tenant or another setting. Set it again.',
    { details: { schema, reason: 'altered', keys: [key] } },
  )
}
