/** Each store with its cache, as an application would make it, and a look at what is in the store. */
import KeyvRedis from '@keyv/redis'
import { Redis as Ioredis } from 'ioredis'
import { Keyv } from 'keyv'
import { createClient } from 'redis'
import { createStorage } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import redisDriver from 'unstorage/drivers/redis'
import { afterAll } from 'vitest'
import {
  createTenantCache,
  tenantDriver,
  tenantKeyv,
  type CacheControl,
  type CacheStore,
  type CacheTenancy,
} from '../../src/cache/cache.ts'
import { startRedis, type Redis } from '../support/servers/redis.ts'

/** What the contract needs of a cache, whatever library is in front of it. */
export interface CacheLike extends CacheControl {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown, ttlMs?: number): Promise<unknown>
  delete(key: string): Promise<unknown>
  keys(): Promise<string[]>
  clear(): Promise<unknown>
  readonly shared: { get(key: string): Promise<unknown>; set(key: string, value: unknown): Promise<unknown> }
}

/** The store itself, past every cache. */
export interface RawStore {
  keys(): Promise<string[]>
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<unknown>
  delete(key: string): Promise<unknown>
  clear(): Promise<unknown>
  /** In milliseconds; -1 for a key that stays. Absent where the store knows no time to live. */
  ttl?(key: string): Promise<number>
}

export interface OpenStore {
  readonly raw: RawStore
  /** One more cache on the store, as in another process. */
  open(tenancy: CacheTenancy): Promise<CacheLike>
  /** What createTenantCache takes. */
  readonly store: CacheStore
}

export interface Subject {
  readonly name: string
  readonly needsRedis: boolean
  start(): Promise<OpenStore>
}

let server: Promise<Redis> | undefined
let databases = 0

/** One server for the file, and a database of it for each subject. */
export async function redisForFile(): Promise<{ readonly server: Redis; readonly url: string; readonly raw: Ioredis }> {
  const started = await (server ??= startRedis())
  const url = `${started.url}/${databases++}`
  const raw = new Ioredis(url)
  raw.on('error', () => {})
  afterAll(() => raw.disconnect())
  return { server: started, url, raw }
}

export const subjects: readonly Subject[] = [
  { name: 'Keyv on a Map', needsRedis: false, start: async () => ofKeyv(new Map()) },
  {
    name: 'Keyv on Redis',
    needsRedis: true,
    async start() {
      const { url, raw } = await redisForFile()
      const store = new KeyvRedis(url)
      store.on('error', () => {})
      afterAll(() => store.disconnect(true))
      return { ...ofKeyv(store), raw: rawRedis(raw) }
    },
  },
  {
    name: 'unstorage in memory',
    needsRedis: false,
    async start() {
      const driver = memoryDriver()
      return { ...ofUnstorage(driver), raw: rawMap(driver.getInstance!() as Map<string, unknown>) }
    },
  },
  {
    name: 'unstorage on Redis',
    needsRedis: true,
    async start() {
      const { url, raw } = await redisForFile()
      const driver = redisDriver({ url })
      ;(driver.getInstance!() as Ioredis).on('error', () => {})
      afterAll(() => void driver.dispose!())
      return { ...ofUnstorage(driver), raw: rawRedis(raw) }
    },
  },
  {
    name: 'ioredis',
    needsRedis: true,
    async start() {
      const { url, raw } = await redisForFile()
      const client = new Ioredis(url)
      client.on('error', () => {})
      afterAll(() => client.disconnect())
      return { ...ofClient(client), raw: rawRedis(raw) }
    },
  },
  {
    name: 'node-redis',
    needsRedis: true,
    async start() {
      const { url, raw } = await redisForFile()
      const client = createClient({ url })
      client.on('error', () => {})
      await client.connect()
      afterAll(() => client.destroy())
      return { ...ofClient(client), raw: rawRedis(raw) }
    },
  },
]

async function listed(cache: Keyv): Promise<string[]> {
  const keys: string[] = []
  for await (const [key] of cache.iterator!(undefined)) keys.push(key as string)
  return keys
}

function ofKeyv(store: Map<string, unknown> | KeyvRedis<unknown>): OpenStore {
  return {
    store,
    raw: rawMap(store as Map<string, unknown>),
    async open(tenancy) {
      const inner = tenantKeyv(tenancy, store)
      const cache = new Keyv({ store: inner, namespace: 'views', throwOnErrors: true })
      const ofAll = new Keyv({ store: inner.shared, namespace: 'views', throwOnErrors: true })
      for (const each of [cache, ofAll]) each.on('error', () => {})
      return {
        get: (key) => cache.get(key),
        set: (key, value, ttlMs) => cache.set(key, value, ttlMs),
        delete: (key) => cache.delete(key),
        keys: () => listed(cache),
        clear: () => cache.clear(),
        shared: ofAll,
        flushTenant: (tenant) => inner.flushTenant(tenant),
        forgetTenant: (tenant) => inner.forgetTenant(tenant),
      }
    },
  }
}

function ofUnstorage(driver: ReturnType<typeof memoryDriver> | ReturnType<typeof redisDriver>): Omit<OpenStore, 'raw'> {
  return {
    store: driver as CacheStore,
    async open(tenancy) {
      const inner = tenantDriver(tenancy, driver as never)
      const [cache, ofAll] = [createStorage({ driver: inner }), createStorage({ driver: inner.shared })]
      return {
        get: async (key) => (await cache.getItem(key)) ?? undefined,
        set: (key, value, ttlMs) => cache.setItem(key, value as string, ttlMs === undefined ? {} : { ttl: ttlMs / 1000 }),
        delete: (key) => cache.removeItem(key),
        keys: () => cache.getKeys(),
        clear: () => cache.clear(),
        shared: {
          get: async (key) => (await ofAll.getItem(key)) ?? undefined,
          set: (key, value) => ofAll.setItem(key, value as string),
        },
        flushTenant: (tenant) => inner.flushTenant(tenant),
        forgetTenant: (tenant) => inner.forgetTenant(tenant),
      }
    },
  }
}

function ofClient(client: CacheStore): Omit<OpenStore, 'raw'> {
  return {
    store: client,
    async open(tenancy) {
      const cache = createTenantCache(tenancy, client)
      return {
        ...cache,
        set: (key, value, ttlMs) => cache.set(key, value, { ttlMs }),
        keys: () => Array.fromAsync(cache.keys()),
      }
    },
  }
}

function rawMap(map: Map<string, unknown>): RawStore {
  return {
    keys: async () => [...map.keys()],
    get: async (key) => map.get(key),
    set: async (key, value) => map.set(key, value),
    delete: async (key) => map.delete(key),
    clear: async () => map.clear(),
  }
}

function rawRedis(client: Ioredis): RawStore {
  return {
    keys: () => client.keys('*'),
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value as string),
    delete: (key) => client.del(key),
    clear: () => client.flushdb(),
    ttl: (key) => client.pttl(key),
  }
}
