/**
 * For Keyv 5: a store for `new Keyv({ store })` whose keys carry the tenant. It stands between Keyv and the store that keeps the values (a Map,
 * `@keyv/redis`, …), so namespaces, times to live, serialisation, hooks and iterators of Keyv stay what they are.
 */
import { TenancyError } from '../errors.ts'
import type { CacheTenancy } from '../ports/tenancy-like.ts'
import { seen } from '../seen.ts'
import { warnIfUntested } from '../tested-versions.ts'
import type { Backing } from './backing.ts'
import type { Entries } from './entries.ts'
import { divided, type CacheControl, type CacheOptions } from './options.ts'

/** What partywall needs of a store for Keyv: a Map, or an adapter of Keyv. */
export interface KeyvStoreLike {
  get(key: string): unknown
  set(key: string, value: any, ttl?: number): unknown
  delete(key: string): unknown
  clear(): unknown
}

/** The parts that some adapters have. */
interface KeyvStoreParts extends KeyvStoreLike {
  readonly opts?: object
  getMany?(keys: string[]): Promise<unknown[]>
  deleteMany?(keys: string[]): unknown
  iterator?(namespace?: string): AsyncIterable<readonly unknown[]>
  disconnect?(): Promise<void>
  on?(event: string, listener: (...args: any[]) => void): unknown
  emit?(event: string, ...args: any[]): unknown
  /** Of @keyv/redis. */
  getClient?(): Promise<{ sendCommand(args: string[]): Promise<unknown> }>
  isCluster?(): boolean
  readonly throwOnErrors?: boolean
  getMasterNodes?(): Promise<ScanningClient[]>
  createKeyPrefix?(key: string, namespace?: string): string
  readonly namespace?: string | undefined
}

interface ScanningClient {
  scan(cursor: string, options: object): Promise<{ readonly cursor: unknown; readonly keys: readonly string[] }>
}

/** A store for `new Keyv({ store })`. */
export interface TenantKeyvStore {
  /** Keyv writes its own namespace there. */
  namespace?: string | undefined
  opts: any
  get(key: string): any
  getMany(keys: string[]): Promise<any[]>
  set(key: string, value: any, ttl?: number): any
  delete(key: string): Promise<boolean>
  deleteMany(keys: string[]): Promise<boolean>
  /** Of the current tenant alone: what is under the namespace of Keyv. */
  clear(): Promise<void>
  /** Of the current tenant alone. */
  iterator(namespace?: string): AsyncGenerator<any, void>
  on(event: string, listener: (...args: any[]) => void): this
  disconnect(): Promise<void>
}

/** The store of the current tenant, with the one that all tenants share. */
export interface TenantKeyv extends TenantKeyvStore, CacheControl {
  /** What belongs to all tenants: named on purpose, and used in any scope or in none. */
  readonly shared: TenantKeyvStore
}

/**
 * A store for Keyv whose keys carry the current tenant. A read costs the round trip that it costs without partywall.
 * @example
 * const store = tenantKeyv(tenancy, new KeyvRedis('redis://localhost:6379'))
 * const cache = new Keyv({ store, namespace: 'reports', ttl: 60_000 })
 * await tenancy.run('acme', () => cache.set('7', report))
 * @throws TenancyError INVALID_ARGUMENT, INVALID_OPTION. Its calls: NO_TENANT outside of a tenant's scope, TENANT_CHANGED
 */
export function tenantKeyv(tenancy: CacheTenancy, store: KeyvStoreLike, options?: CacheOptions): TenantKeyv {
  const what = 'tenantKeyv'
  assertKeyvStore(what, store)
  const { tenant, shared, control } = divided(what, tenancy, keyvBacking(store), options)
  warnIfUntested('keyv')
  return Object.assign(keyvStore(tenant, store), control, { shared: keyvStore(shared, store) })
}

/** @throws TenancyError INVALID_ARGUMENT */
function assertKeyvStore(what: string, store: unknown): asserts store is KeyvStoreLike {
  if (isKeyvStore(store)) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `${what} takes the store of a Keyv second, such as new Map() or new KeyvRedis(url); it got ${isKeyv(store) ? 'a Keyv' : seen(store)}. ` +
      'Give the result to new Keyv({ store }).',
    { details: { what, option: 'store' } },
  )
}

/** A Keyv has the calls of a store, too, with its own prefix and serialisation around them. */
function isKeyv(store: unknown): boolean {
  return typeof (store as { deserializeData?: unknown } | null | undefined)?.deserializeData === 'function'
}

export function isKeyvStore(store: unknown): store is KeyvStoreLike {
  const { get, set, delete: remove, clear } = (store ?? {}) as Partial<KeyvStoreLike>
  return [get, set, remove, clear].every((each) => typeof each === 'function') && !isKeyv(store)
}

function keyvStore(entries: Entries, inner: KeyvStoreParts): TenantKeyvStore {
  let namespace: string | undefined
  let start = ''
  // A Keyv that leaves its namespace to the store (`useKeyPrefix: false`) passes bare keys.
  const own = (key: string): string => (key.startsWith(start) ? key : start + key)
  return {
    get namespace() {
      return namespace
    },
    set namespace(given) {
      namespace = given
      start = given === undefined ? '' : `${given}:`
    },
    // Keyv asks for a dialect that it knows before it iterates over a store.
    opts: { ...inner.opts, dialect: 'redis', url: '' },
    get: (key) => entries.get(own(key)),
    getMany: (keys) => entries.getMany(keys.map(own)),
    set: (key, value, ttl) => entries.set(own(key), value, ttl),
    async delete(key) {
      return (await entries.delete([own(key)])) !== false
    },
    async deleteMany(keys) {
      return (await entries.delete(keys.map(own))) !== false
    },
    clear: async () => entries.clear(start),
    iterator: () => entries.entries(start),
    on(event, listener) {
      inner.on?.(event, listener)
      return this
    },
    async disconnect() {
      await inner.disconnect?.()
    },
  }
}

export function keyvBacking(store: KeyvStoreLike): Backing {
  const inner: KeyvStoreParts = store
  if (inner instanceof Map) return mapBacking(inner)
  return {
    now: undefined,
    getMany: reading(inner),
    set: (key, value, ttlMs) => inner.set(key, value, ttlMs),
    delete: async (keys) => {
      if (inner.deleteMany !== undefined && keys.length > 1) return inner.deleteMany([...keys])
      return (await Promise.all(keys.map((key) => inner.delete(key)))).every((each) => each !== false)
    },
    list: listing(inner),
  }
}

function reading(inner: KeyvStoreParts): Backing['getMany'] {
  if (inner.getClient !== undefined && inner.createKeyPrefix !== undefined && inner.isCluster?.() === false) {
    return (keys) => readFromRedis(inner, keys)
  }
  if (inner.getMany !== undefined) return (keys) => inner.getMany!([...keys])
  return (keys) => Promise.all(keys.map(async (key) => inner.get(key)))
}

/** What `getMany` of @keyv/redis does, without its maps of keys and values: it is in the way of every read. */
async function readFromRedis(inner: KeyvStoreParts, keys: readonly string[]): Promise<readonly unknown[] | undefined> {
  const client = await inner.getClient!()
  const { namespace } = inner
  const command = ['MGET', ...keys]
  if (namespace !== undefined)
    for (const [index, key] of keys.entries()) command[index + 1] = inner.createKeyPrefix!(key, namespace)
  try {
    return (await client.sendCommand(command)) as unknown[]
  } catch (error) {
    inner.emit?.('error', error)
    if (inner.throwOnErrors === true) throw error
    return undefined
  }
}

function mapBacking(map: Map<string, unknown>): Backing {
  return {
    now: (key) => map.get(key),
    getMany: async (keys) => keys.map((key) => map.get(key)),
    set: (key, value) => void map.set(key, value),
    delete: (keys) => keys.map((key) => map.delete(key)).some(Boolean),
    async *list(prefix) {
      for (const key of Array.from(map.keys())) if (key.startsWith(prefix)) yield key
    },
  }
}

function listing(inner: KeyvStoreParts): Backing['list'] {
  if (inner.getMasterNodes !== undefined && inner.createKeyPrefix !== undefined) return (prefix) => scanned(inner, prefix)
  if (inner.iterator === undefined) return undefined
  return async function* ofIterator() {
    for await (const [key] of inner.iterator!()) yield key as string
  }
}

/** @keyv/redis would read every value of the whole database, and pass over keys with "::". */
async function* scanned(inner: KeyvStoreParts, prefix: string): AsyncGenerator<string, void> {
  const outer = inner.createKeyPrefix!('', inner.namespace)
  for (const client of await inner.getMasterNodes!()) {
    let cursor = '0'
    do {
      const answer = await client.scan(cursor, { MATCH: `${literally(outer)}${prefix}*`, COUNT: 1000 })
      cursor = String(answer.cursor)
      for (const key of answer.keys) yield key.slice(outer.length)
    } while (cursor !== '0')
  }
}

/** Text in a pattern of Redis. The prefixes of partywall need none of it: what begins with one is compared again. */
function literally(text: string): string {
  return text.replaceAll(/[*?[\]\\^]/g, String.raw`\$&`)
}
