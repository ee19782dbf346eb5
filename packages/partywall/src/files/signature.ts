/** Addresses that serve one file of one tenant for some time, without a sign-in. Each tenant has a key of its own, derived from the secret of the application. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { TenancyError } from '../errors.ts'

/** What an address promises. All of it is signed. */
export interface SignedAccess {
  readonly tenantId: string
  readonly path: string
  readonly method: 'GET' | 'PUT'
  /** Seconds since 1970. */
  readonly expires: number
  readonly disposition: string
  /** Of what is uploaded. 0 for GET. */
  readonly maxBytes: number
}

/** The query of the address. */
export function signedQuery(secret: string, access: SignedAccess): URLSearchParams {
  const { tenantId, method, expires, disposition, maxBytes } = access
  return new URLSearchParams({
    tenant: tenantId,
    method,
    expires: String(expires),
    disposition,
    ...(method === 'PUT' && { most: String(maxBytes) }),
    signature: signatureOf(secret, access).toString('base64url'),
  })
}

/** What a query claims; undefined where it is not well-formed. The path is that of the address. */
export function claimedAccess(query: URLSearchParams, path: string): SignedAccess | undefined {
  const [tenantId = '', expires = '', disposition = '', most = '0'] = ['tenant', 'expires', 'disposition', 'most'].map(
    (name) => query.get(name) ?? undefined,
  )
  const method = query.get('method')
  const isWellFormed =
    /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(tenantId) && /^\d{1,12}$/.test(expires) && /^\d{1,15}$/.test(most)
  if (!isWellFormed || (method !== 'GET' && method !== 'PUT')) return undefined
  return { tenantId, path, method, expires: Number(expires), disposition, maxBytes: Number(most) }
}

/**
 * Takes the same time for a signature that differs in its first byte as for one that differs in its last.
 * @param now in milliseconds
 * @throws TenancyError TOKEN_REFUSED
 */
export function assertSigned(secrets: readonly string[], access: SignedAccess, signature: string, now: number): void {
  const given = Buffer.from(signature, 'base64url')
  const isSigned = secrets
    .map((secret) => {
      const expected = signatureOf(secret, access)
      return timingSafeEqual(given.byteLength === expected.byteLength ? given : Buffer.alloc(expected.byteLength), expected)
    })
    .includes(true)
  if (isSigned && access.expires * 1000 > now) return
  throw addressRefused(isSigned ? 'over' : 'signature')
}

export function addressRefused(reason: string): TenancyError {
  return new TenancyError(
    'TOKEN_REFUSED',
    'The signed address of a file was refused: it was changed, is over, or is of another tenant. Make a new one.',
    {
      details: { reason },
    },
  )
}

function signatureOf(secret: string, { tenantId, path, method, expires, disposition, maxBytes }: SignedAccess): Buffer {
  const key = Buffer.from(hkdfSync('sha256', secret, tenantId, 'partywall signed file', 32))
  return createHmac('sha256', key)
    .update(JSON.stringify([1, tenantId, path, method, expires, disposition, maxBytes]))
    .digest()
}

/**
 * The header of a file that is saved under this name, or shown.
 * @param name of the file, of any characters
 */
export function dispositionOf(kind: 'attachment' | 'inline', name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(name).replaceAll(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  return plain === name ? `${kind}; filename="${plain}"` : `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`
}
