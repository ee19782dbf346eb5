/**
 * The path of a request as the browser sent it, which the proxy passes on to the page in a header: where the path names the tenant, the page sees only the rest of it. A client can
 * send this header, too, so it is signed, and one that is not signed is refused. It is bound to the host, so that it is worth nothing at another one.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { TenancyError } from '../../errors.ts'

export const pathHeader = 'x-partywall-path'

type Key = string | Buffer

// Shared by all copies of the package in a process: the proxy and the pages are in bundles of their own.
const keyOfProcess = Symbol.for('partywall.next.pathKey')

/** @throws TenancyError INVALID_OPTION, also for a secret that is there without a value: it would be another one in each process */
export function pathKey(what: string, options: { readonly secret?: string }): Key {
  if ('secret' in options) return checkedSecret(what, options.secret)
  const key = (Reflect.get(globalThis, keyOfProcess) as Buffer | undefined) ?? randomBytes(32)
  Reflect.set(globalThis, keyOfProcess, key)
  return key
}

function checkedSecret(what: string, secret: unknown): string {
  if (typeof secret === 'string' && secret.length >= 32) return secret
  // The value is not shown: it is a secret.
  throw new TenancyError('INVALID_OPTION', `"secret" of ${what} must be a text of at least 32 characters.`, {
    details: { what, option: 'secret' },
  })
}

export function signedPath(key: Key, host: string, path: string): string {
  return `${signature(key, host, path).toString('base64url')} ${path}`
}

/** The path; undefined for a header that no proxy with this key has set for this host. */
export function verifiedPath(key: Key, host: string, header: string): string | undefined {
  const [, given, path] = /^([\w-]{43}) (\/.*)$/.exec(header) ?? []
  if (given === undefined || path === undefined) return undefined
  return timingSafeEqual(Buffer.from(given, 'base64url'), signature(key, host, path)) ? path : undefined
}

function signature(key: Key, host: string, path: string): Buffer {
  return createHmac('sha256', key).update(`partywall.next.path\n${host}\n${path}`).digest()
}
