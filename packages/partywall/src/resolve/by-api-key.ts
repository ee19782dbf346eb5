/**
 * The tenant from a key that the application gave to a program of its customer. The application stores the hash of each key: who reads its database can
 * use none. Keys are random, so a fast hash without salt is enough, and the look-up by the hash tells nothing by its time.
 */
import { createHash } from 'node:crypto'
import { TenancyError } from '../errors.ts'
import { assertFunction } from '../given-function.ts'
import type { Hint, NamedResolver, RequestFacts, ResolverAnswer } from '../ports/resolver.ts'
import type { TenantRef } from '../types.ts'
import { checkedName, nameRefused, tokenForm } from './text-resolver.ts'

/** Finds the tenant of the key with this hash; undefined and null when no key, or a revoked one, has it. */
export type ApiKeyFinder = (hash: string) => TenantRef | null | undefined | Promise<TenantRef | null | undefined>

/**
 * Reads an API key from the header `name`, and asks `find` for its tenant; in `authorization` it stands behind `Bearer`. A request without a key names no tenant. An
 * unknown, malformed or repeated one is `unauthorized`, so that no policy for unknown tenants serves it. `.by` is `api key`. Costs what `find` costs, with each request.
 * @param find runs outside every scope: query the shared schema, through `tenancy.sharedPool`
 * @example
 * byApiKey('x-api-key', async (hash) => {
 *   const { rows } = await tenancy.sharedPool.query('select tenant_id from api_keys where hash = $1', [hash])
 *   return rows[0]?.tenant_id
 * })
 * @throws TenancyError INVALID_OPTION; INVALID_ARGUMENT when `find` is no function
 */
export function byApiKey(name: string, find: ApiKeyFinder): NamedResolver {
  const header = checkedName('byApiKey', name, tokenForm, 'it is not the name of a header').toLowerCase()
  if (header === 'host') throw nameRefused('byApiKey', name, 'the host is read by byHost')
  assertFunction('byApiKey', find)

  async function resolve({ headers }: RequestFacts): Promise<ResolverAnswer> {
    const values = [headers?.[header] ?? []].flat()
    if (values.length === 0) return { outcome: 'none' }
    if (values.length > 1) return refused('is given more than once')
    const key = header === 'authorization' ? bearerOf(values[0]!) : values[0]!
    // Another scheme, such as Basic, is for another part of the application.
    if (key === undefined) return { outcome: 'none' }
    if (!isKey(key)) return refused('is not of the form of a key')
    return (await find(hashApiKey(key))) ?? refused('is not known')
  }

  return { name: 'api key', resolve, trusted: true, reads: 'api key' }
}

/**
 * The form in which an application stores an API key, and in which `byApiKey` asks for it: SHA-256 in hexadecimal digits. Make keys at random, such as
 * `randomBytes(32).toString('base64url')`, and show each once.
 * @param key 20 to 512 letters, digits and `. _ ~ + / = -`
 * @example await tenancy.sharedPool.query('insert into api_keys (hash, tenant_id) values ($1, $2)', [hashApiKey(key), tenant.id])
 * @throws TenancyError INVALID_ARGUMENT for a key that is too short to be random, or that no header can hold
 */
export function hashApiKey(key: string): string {
  if (isKey(key)) return createHash('sha256').update(key).digest('hex')
  // The key is not shown: it may be one that works.
  throw new TenancyError(
    'INVALID_ARGUMENT',
    'hashApiKey takes a random key of 20 to 512 letters, digits and . _ ~ + / = -, such as randomBytes(32).toString("base64url").',
    { details: { option: 'key' } },
  )
}

function isKey(key: unknown): key is string {
  return typeof key === 'string' && /^[A-Za-z0-9._~+/=-]{20,512}$/.test(key)
}

/** Undefined for another scheme. */
function bearerOf(value: string): string | undefined {
  const [, token] = /^bearer +(.*)$/is.exec(value) ?? []
  return token
}

function refused(problem: string): Hint {
  return { outcome: 'unauthorized', reason: `the API key ${problem}` }
}
