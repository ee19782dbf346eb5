/**
 * What the keys in a store look like: `partywall:<name>:{<tenant id>}:<generation>:<key>`. All before the key has a fixed form, so a key with any
 * separators in it stays behind the part of its own tenant. The braces put all keys of a tenant into one slot of a Redis cluster.
 */
import { TenancyError } from '../../errors.ts'
import { seen } from '../../seen.ts'

const namePattern = /^[a-z][a-z0-9_-]{0,39}$/

/** The id of what belongs to all tenants. No tenant has it: ids are uuids. */
export const sharedId = 'shared'

/** In the place of the generation, for what lasts when a tenant is renamed or moved. */
export const lasting = 'lasting'

/** @throws TenancyError INVALID_OPTION */
export function checkedName(name: unknown, what: string): string {
  if (typeof name === 'string' && namePattern.test(name)) return name
  throw new TenancyError(
    'INVALID_OPTION',
    `"name" of ${what} must be 1 to 40 of a-z, 0-9, "_" and "-", with a letter first; it is ${seen(name, 'quoted')}.`,
    { details: { what, option: 'name' } },
  )
}

/** All that a tenant has in a store, of all generations. */
export function tenantPrefix(name: string, id: string): string {
  return `partywall:${name}:{${id}}:`
}

/** What one generation of a tenant has in a store. */
export function keyPrefix(name: string, id: string, generation: number | typeof lasting): string {
  return `${tenantPrefix(name, id)}${generation}:`
}

/** The key of the flush token. It has no generation, so no key of an application can be the same. */
export function tokenKey(name: string, id: string): string {
  return `${tenantPrefix(name, id)}flush`
}

/** Before the name of a channel. It has no generation: who listens goes on when the tenant is renamed. */
export function channelPrefix(name: string, id: string): string {
  return `${tenantPrefix(name, id)}channel:`
}

/** What a key in a store says. */
export interface StoredKey {
  /** The option `name` of what has written it. */
  readonly name: string
  /** `shared` for what belongs to all tenants. */
  readonly tenantId: string
  /** Undefined for what lasts when the tenant is renamed or moved. */
  readonly generation: number | undefined
  /** As the application calls it. */
  readonly key: string
}

const storedPattern =
  /^partywall:([a-z][a-z0-9_-]{0,39}):\{([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|shared)\}:(\d+|lasting):([^]*)$/

/**
 * Whose a key in a store is, for tools that look at all of them. Undefined for a key that partywall has not made, and for its own tokens and channels.
 * @example storedKey('partywall:cache:{0198…}:3:report:7') // { name: 'cache', tenantId: '0198…', generation: 3, key: 'report:7' }
 */
export function storedKey(text: string): StoredKey | undefined {
  const [, name, tenantId, generation, key] = storedPattern.exec(text) ?? []
  if (name === undefined) return undefined
  return Object.freeze({
    name,
    tenantId: tenantId!,
    generation: generation === lasting ? undefined : Number(generation),
    key: key!,
  })
}
