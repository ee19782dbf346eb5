/** A cache of values, with a function that remembers what others have computed: on any of the stores. */
import { TenancyError } from '../errors.ts'
import { assertFunction } from '../given-function.ts'
import { assertKnownKeys } from '../known-keys.ts'
import type { CacheTenancy } from '../ports/tenancy-like.ts'
import { seen } from '../seen.ts'
import { assertWholeNumber, mostTimeoutMs } from '../whole-number.ts'
import { argumentText, checkedKey } from './argument-text.ts'
import type { Backing } from './backing.ts'
import type { Entries } from './entries.ts'
import { isKeyvStore, keyvBacking, type KeyvStoreLike } from './keyv.ts'
import { divided, type CacheControl, type CacheOptions } from './options.ts'
import { assertNoKeyPrefix, isIoredis, isNodeRedis, noClient, type IoredisLike, type NodeRedisLike } from './redis/clients.ts'
import { ioredisBacking, nodeRedisBacking } from './redis-backing.ts'
import { isUnstorageDriver, unstorageBacking, type UnstorageDriverLike } from './unstorage.ts'

/** A Map, a store for Keyv, a driver of unstorage, or a client of ioredis 5 or node-redis. */
export type CacheStore = KeyvStoreLike | UnstorageDriverLike | IoredisLike | NodeRedisLike

export interface StoreOptions {
  /** How long the value may be used. @default `maxTtlMs` of the cache */
  readonly ttlMs?: number | undefined
}

export interface MemoizeOptions<Args extends unknown[]> extends StoreOptions {
  /** What of the arguments makes a difference, for arguments that are no plain values. @default all arguments */
  readonly key?: ((...args: Args) => unknown) | undefined
}

/** Values are kept as JSON: what is read is a copy, and a Date comes back as text. */
export interface ValueCache {
  get<T = unknown>(key: string): Promise<T | undefined>
  /**
   * Keeps the value. Where `get` of this key found nothing in the same scope, it counts as computed since then: after a flush in between it is not read.
   * @throws TenancyError INVALID_ARGUMENT for what has no JSON
   */
  set(key: string, value: unknown, options?: StoreOptions): Promise<void>
  has(key: string): Promise<boolean>
  delete(key: string): Promise<void>
  /** The keys that have a value. Reads the names of all keys of the store, where it has no other way. */
  keys(): AsyncGenerator<string, void>
  clear(): Promise<void>
  /**
   * A function that computes once for each tenant and arguments, and then remembers. Calls at the same time wait for one computation. Errors are not
   * remembered. While the store fails, it computes. The first one whose arguments are new computes in its own scope, so what depends on more than the tenant
   * and the arguments (the user, the locale) must be an argument.
   * @param name of what is computed, such as `report`: 1 to 64 of letters, digits, ".", "_" and "-"
   * @example const report = cache.memoize('report', (month: string) => computeReport(month), { ttlMs: 60_000 })
   * @throws TenancyError INVALID_ARGUMENT. The function: NO_TENANT, TENANT_CHANGED; INVALID_ARGUMENT for arguments that cannot be part of a key
   */
  memoize<Args extends unknown[], R>(
    name: string,
    fn: (...args: Args) => R,
    options?: MemoizeOptions<Args>,
  ): (...args: Args) => Promise<Awaited<R>>
}

/** The cache of the current tenant, with the one that all tenants share. */
export interface TenantCache extends ValueCache, CacheControl {
  /** What belongs to all tenants: named on purpose, and used in any scope or in none. */
  readonly shared: ValueCache
}

/**
 * A cache whose keys carry the current tenant, on a store that the application has. A read costs one round trip, a write one.
 * @example
 * const cache = createTenantCache(tenancy, new Redis())
 * await tenancy.run('acme', () => cache.set('greeting', 'hello', { ttlMs: 60_000 }))
 * @throws TenancyError INVALID_ARGUMENT, INVALID_OPTION. Its calls: NO_TENANT outside of a tenant's scope, TENANT_CHANGED, and the errors of the store
 */
export function createTenantCache(tenancy: CacheTenancy, store: CacheStore, options?: CacheOptions): TenantCache {
  const { tenant, shared, control } = divided('createTenantCache', tenancy, backingOf(store), options)
  return Object.freeze({ ...valueCache(tenant), ...control, shared: Object.freeze(valueCache(shared)) })
}

function backingOf(store: CacheStore): Backing {
  const what = 'createTenantCache'
  if (isIoredis(store)) {
    assertNoKeyPrefix(what, store)
    return ioredisBacking(store)
  }
  if (isNodeRedis(store)) {
    assertNoKeyPrefix(what, store)
    return nodeRedisBacking(store)
  }
  if (isUnstorageDriver(store)) return unstorageBacking(store)
  if (isKeyvStore(store)) return keyvBacking(store)
  throw noClient(what, store, 'a Map, a store for Keyv (not a Keyv), a driver of unstorage (not a storage), ')
}

function valueCache(entries: Entries): ValueCache {
  return {
    get<T>(key: string): Promise<T | undefined> {
      try {
        const read = entries.get(valueKey('get', key))
        return read instanceof Promise ? read.then(parsed<T>) : Promise.resolve(parsed<T>(read))
      } catch (error) {
        return Promise.reject(error)
      }
    },
    async set(key, value, options = {}) {
      const text = jsonOf('set', value)
      if (text === undefined) {
        throw new TenancyError(
          'INVALID_ARGUMENT',
          `"value" of set must be a value that JSON has; it is ${seen(value)}. Call delete to remove a key.`,
          {
            details: { what: 'set', option: 'value' },
          },
        )
      }
      await entries.set(valueKey('set', key), text, checkedTtl('set', options))
    },
    has: async (key) => (await entries.get(valueKey('has', key))) !== undefined,
    async delete(key) {
      await entries.delete([valueKey('delete', key)])
    },
    keys: () => valueKeys(entries.entries('')),
    clear: () => entries.clear(''),
    memoize: (name, fn, options = {}) => memoized(entries, name, fn, options),
  }
}

function parsed<T>(text: unknown): T | undefined {
  return text === undefined ? undefined : (JSON.parse(text as string) as T)
}

const remembered = 'memo:'

/** What begins like a key of memoize is refused, so that neither reads the values of the other. */
function valueKey(what: string, key: unknown): string {
  const checked = checkedKey(what, key)
  if (!checked.startsWith(remembered)) return checked
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `Keys that begin with "${remembered}" are those of memoize. Call it by another name.`,
    {
      details: { what, option: 'key' },
    },
  )
}

async function* valueKeys(entries: AsyncGenerator<[string, unknown], void>): AsyncGenerator<string, void> {
  const told = new Set<string>()
  for await (const [key] of entries) {
    if (told.has(key) || key.startsWith(remembered)) continue
    told.add(key)
    yield key
  }
}

function memoized<Args extends unknown[], R>(
  entries: Entries,
  name: string,
  fn: (...args: Args) => R,
  options: MemoizeOptions<Args>,
): (...args: Args) => Promise<Awaited<R>> {
  if (typeof name !== 'string' || !/^[\w.-]{1,64}$/.test(name)) {
    throw new TenancyError(
      'INVALID_ARGUMENT',
      `"name" of memoize must be 1 to 64 letters, digits, ".", "_" and "-"; it is ${seen(name, 'quoted')}.`,
      {
        details: { what: 'memoize', option: 'name' },
      },
    )
  }
  assertFunction('memoize', fn)
  const ttlMs = checkedTtl('memoize', options, ['key'])
  const { key: keyOf } = options
  if (keyOf !== undefined) assertFunction('"key" of memoize', keyOf)
  const running = new Map<string, Promise<string>>()
  const once = (flight: string, compute: () => Promise<string>): Promise<string> => {
    let promise = running.get(flight)
    if (promise === undefined) {
      promise = compute().finally(() => running.delete(flight))
      running.set(flight, promise)
    }
    return promise
  }
  const computed = async (args: Args): Promise<string> => jsonOf('memoize', { value: await fn(...args) })!
  return async (...args): Promise<Awaited<R>> => {
    const key = `${remembered}${name}:${argumentText(name, keyOf === undefined ? args : [keyOf(...args)])}`
    const found = await entries.tryLookup(key)
    if (found.value !== undefined) return valueIn<Awaited<R>>(found.value as string)
    // Who comes after a flush does not wait for what was begun before it: the stamp is another one.
    const text = await once(`${found.stored} ${found.stamp}`, async () => {
      const fresh = await computed(args)
      // A store that fails keeps nothing; the value is right without it.
      await entries.write(found, fresh, ttlMs).catch(() => {})
      return fresh
    })
    return valueIn<Awaited<R>>(text)
  }
}

/** Each caller has a copy of its own, and the first one sees what the later ones will see. */
function valueIn<T>(text: string): T {
  return (JSON.parse(text) as { value: T }).value
}

function jsonOf(what: string, value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw new TenancyError(
      'INVALID_ARGUMENT',
      `The value for ${what} cannot be written as JSON: ${(cause as Error).message.split('\n')[0]}.`,
      {
        details: { what, option: 'value' },
        cause,
      },
    )
  }
}

function checkedTtl(what: string, options: StoreOptions, others: readonly string[] = []): number | undefined {
  assertKnownKeys(what, options, ['ttlMs', ...others])
  const { ttlMs } = options
  if (ttlMs === undefined) return undefined
  assertWholeNumber('INVALID_ARGUMENT', `"ttlMs" of ${what}`, 'ttlMs', ttlMs, { least: 1, most: mostTimeoutMs })
  return ttlMs
}
