/**
 * For unstorage 1: a driver for `createStorage({ driver })` or `storage.mount('cache', driver)` whose keys carry the tenant. It stands between unstorage and the
 * driver that keeps the values (memory, Redis, files, …).
 */
import { TenancyError } from '../errors.ts'
import type { CacheTenancy } from '../ports/tenancy-like.ts'
import { seen } from '../seen.ts'
import { warnIfUntested } from '../tested-versions.ts'
import type { Backing } from './backing.ts'
import type { Entries } from './entries.ts'
import { divided, type CacheControl, type CacheOptions } from './options.ts'

/** What partywall needs of a driver of unstorage. */
export interface UnstorageDriverLike {
  readonly name?: string
  readonly options?: any
  hasItem(key: string, options: any): unknown
  getItem(key: string, options?: any): unknown
  getItems?(items: { key: string; options?: any }[], options?: any): unknown
  setItem?(key: string, value: string, options: any): unknown
  removeItem?(key: string, options: any): unknown
  getKeys(base: string, options: any): unknown
  dispose?(): unknown
  getInstance?(): unknown
}

/** A driver for `createStorage({ driver })`. */
export interface TenantDriverPart {
  readonly name: string
  hasItem(key: string): Promise<boolean>
  getItem(key: string): any
  getItems(items: { key: string }[]): Promise<{ key: string; value: any }[]>
  /** `ttl` in seconds, as the drivers of unstorage take it. */
  setItem(key: string, value: string, options?: { ttl?: number }): Promise<void>
  removeItem(key: string): Promise<void>
  /** Of the current tenant alone. */
  getKeys(base?: string): Promise<string[]>
  /** Of the current tenant alone. */
  clear(base?: string): Promise<void>
  dispose(): Promise<void>
  /** Refuses: one listener would hear the keys of all tenants. */
  watch(): never
}

/** The driver of the current tenant, with the one that all tenants share. */
export interface TenantDriver extends TenantDriverPart, CacheControl {
  /** What belongs to all tenants: named on purpose, and used in any scope or in none. */
  readonly shared: TenantDriverPart
}

/**
 * A driver for unstorage whose keys carry the current tenant. A read costs the round trip that it costs without partywall.
 * @example
 * const driver = tenantDriver(tenancy, redisDriver({ url: 'redis://localhost:6379' }))
 * const storage = createStorage({ driver })
 * await tenancy.run('acme', () => storage.setItem('report:7', report, { ttl: 60 }))
 * @throws TenancyError INVALID_ARGUMENT, INVALID_OPTION. Its calls: NO_TENANT outside of a tenant's scope, TENANT_CHANGED, and INVALID_ARGUMENT for a key
 * with `..` in it
 */
export function tenantDriver(tenancy: CacheTenancy, driver: UnstorageDriverLike, options?: CacheOptions): TenantDriver {
  const what = 'tenantDriver'
  if (!isUnstorageDriver(driver)) {
    const isStorage = typeof (driver as { mount?: unknown } | undefined)?.mount === 'function'
    throw new TenancyError(
      'INVALID_ARGUMENT',
      `${what} takes a driver of unstorage second, such as memoryDriver() or redisDriver({ url }), that can write and remove; it got ` +
        `${isStorage ? 'a storage' : seen(driver)}. Give the result to createStorage({ driver }).`,
      { details: { what, option: 'driver' } },
    )
  }
  const { tenant, shared, control } = divided(what, tenancy, unstorageBacking(driver), options)
  warnIfUntested('unstorage')
  return Object.assign(driverOf(tenant, driver), control, { shared: driverOf(shared, driver) })
}

export function isUnstorageDriver(driver: unknown): driver is UnstorageDriverLike {
  const { getItem, setItem, hasItem, removeItem, getKeys, ...others } = {
    ...(driver as UnstorageDriverLike & { mount?: unknown }),
  }
  return (
    [getItem, setItem, hasItem, removeItem, getKeys].every((each) => typeof each === 'function') && others.mount === undefined
  )
}

function driverOf(entries: Entries, inner: UnstorageDriverLike): TenantDriverPart {
  return {
    name: `partywall-${inner.name ?? 'driver'}`,
    async hasItem(key) {
      return (await entries.get(checkedKey(key))) !== undefined
    },
    getItem(key) {
      const value = entries.get(checkedKey(key))
      if (typeof value === 'string') return value
      return value instanceof Promise ? value.then(orNull) : orNull(value)
    },
    async getItems(items) {
      const keys = items.map(({ key }) => checkedKey(key))
      const values = await entries.getMany(keys)
      return keys.map((key, index) => ({ key, value: orNull(values[index]) }))
    },
    async setItem(key, value, options) {
      const seconds = options?.ttl ?? inner.options?.ttl
      await entries.set(checkedKey(key), value, typeof seconds === 'number' ? seconds * 1000 : undefined)
    },
    async removeItem(key) {
      await entries.delete([checkedKey(key)])
    },
    async getKeys(base = '') {
      const keys = new Set<string>()
      for await (const [key] of entries.entries(checkedBase(base))) keys.add(key)
      return [...keys]
    },
    clear: async (base = '') => entries.clear(checkedBase(base)),
    async dispose() {
      await inner.dispose?.()
    },
    watch() {
      throw new TenancyError(
        'INVALID_ARGUMENT',
        'A storage whose keys carry the tenant cannot be watched: unstorage has one list of listeners, so each of them would hear the keys of every tenant.',
        { details: { what: 'watch' } },
      )
    },
  }
}

function orNull(value: unknown): unknown {
  return value ?? null
}

/** A driver for files makes a path of a key. unstorage refuses these, too; a driver can be called without it. */
function checkedKey(key: string): string {
  if (typeof key === 'string' && key !== '') return checkedBase(key)
  throw wrongKey('is no text, or empty')
}

function checkedBase(base: string): string {
  if (base.includes('\0')) throw wrongKey('has a NUL in it')
  if (base.includes('.') && /(?:^|[:/\\])\.{1,2}(?:$|[:/\\])/.test(base)) throw wrongKey('has "." or ".." as one of its parts')
  return base
}

function wrongKey(problem: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', `The key ${problem}.`, { details: { option: 'key' } })
}

const none = Object.freeze({})

/** What the driver for Redis would write otherwise, in a key that did not come through a storage. */
const changed = /[/\\?]|::|^:|:$/

/** The client of the driver for Redis: through its `getItems`, two keys cost as much again as the round trip. */
function directly({
  name,
  options,
  getInstance,
}: UnstorageDriverLike): { mget(...keys: string[]): Promise<unknown[]> } | undefined {
  if (name !== 'redis' || getInstance === undefined || options?.base || options?.cluster || options?.keyPrefix) return undefined
  const client = getInstance() as { mget?: unknown; status?: unknown }
  return typeof client.mget === 'function' && typeof client.status === 'string' ? (client as never) : undefined
}

export function unstorageBacking(driver: UnstorageDriverLike): Backing {
  const { getItems } = driver
  return {
    // A driver that answers at once is one in memory; a read of another one is a promise.
    now: driver.name === 'memory' ? (key) => driver.getItem(key, none) : undefined,
    async getMany(keys) {
      const redis = directly(driver)
      if (redis !== undefined && keys.every((key) => !changed.test(key))) return redis.mget(...keys)
      if (getItems === undefined) return Promise.all(keys.map((key) => driver.getItem(key, {})))
      const items = keys.map((key) => ({ key, options: {} }))
      const answered = (await getItems.call(driver, items, {})) as { key: string; value: unknown }[]
      return answered.map(({ value }) => value)
    },
    set: (key, value, ttlMs) =>
      driver.setItem!(key, value as string, ttlMs === undefined ? {} : { ttl: Math.max(1, Math.ceil(ttlMs / 1000)) }),
    delete: (keys) => Promise.all(keys.map((key) => driver.removeItem!(key, {}))),
    async *list(prefix) {
      // A driver for files answers with paths.
      for (const key of (await driver.getKeys(prefix.replace(/:[^:]*$/, ''), {})) as string[]) yield key.replaceAll(/[/\\]/g, ':')
    },
  }
}
