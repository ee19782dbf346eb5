/** Each store twice: as an application uses it alone, with the tenant written into the key by hand, and with the tenant of the scope. */
import KeyvRedis from '@keyv/redis'
import { Redis } from 'ioredis'
import { Keyv } from 'keyv'
import { createClient } from 'redis'
import { createStorage, type Storage } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import redisDriver from 'unstorage/drivers/redis'
import { createTenantCache, tenantDriver, tenantKeyv, tenantRedis, type CacheTenancy } from 'partywall/cache'

export interface Store {
  get(key: string): Promise<unknown>
  set(key: string, value: string): Promise<unknown>
  close(): unknown
}

export interface Contest {
  readonly name: string
  /** Pieces of work in a round: one takes ten times longer with a server. */
  readonly pieces: number
  bare(): Promise<Store>
  ours(tenancy: CacheTenancy): Promise<Store>
}

export function contests(url: string): readonly Contest[] {
  return [
    {
      name: 'Keyv, memory',
      pieces: 3000,
      bare: async () => ofKeyv(new Map()),
      ours: async (tenancy) => ofKeyv(tenantKeyv(tenancy, new Map())),
    },
    {
      name: 'unstorage, memory',
      pieces: 3000,
      bare: async () => ofStorage(memoryDriver()),
      ours: async (tenancy) => ofStorage(tenantDriver(tenancy, memoryDriver() as never)),
    },
    {
      name: 'Keyv, Redis',
      pieces: 500,
      bare: async () => ofKeyv(new KeyvRedis(url)),
      ours: async (tenancy) => ofKeyv(tenantKeyv(tenancy, new KeyvRedis(url))),
    },
    {
      name: 'unstorage, Redis',
      pieces: 500,
      bare: async () => ofStorage(redisDriver({ url })),
      ours: async (tenancy) => ofStorage(tenantDriver(tenancy, redisDriver({ url }) as never)),
    },
    {
      name: 'createTenantCache, ioredis',
      pieces: 500,
      async bare() {
        const client = new Redis(url)
        return {
          get: async (key) => JSON.parse((await client.get(key)) ?? 'null'),
          set: (key, value) => client.set(key, JSON.stringify(value), 'PX', ttlMs),
          close: () => client.disconnect(),
        }
      },
      async ours(tenancy) {
        const client = new Redis(url)
        const cache = createTenantCache(tenancy, client)
        return {
          get: (key) => cache.get(key),
          set: (key, value) => cache.set(key, value, { ttlMs }),
          close: () => client.disconnect(),
        }
      },
    },
    {
      name: 'tenantRedis, ioredis',
      pieces: 500,
      bare: async () => ofIoredis(new Redis(url)),
      ours: async (tenancy) => wrapped(new Redis(url), (client) => tenantRedis(tenancy, client)),
    },
    {
      name: 'tenantRedis, node-redis',
      pieces: 500,
      bare: async () => ofNodeRedis(await connected(url)),
      async ours(tenancy) {
        const client = await connected(url)
        const { get, set } = ofNodeRedis(tenantRedis(tenancy, client) as never)
        return { get, set, close: () => client.destroy() }
      },
    },
  ]
}

const ttlMs = 3_600_000

function ofKeyv(store: object): Store {
  const cache = new Keyv({ store, ttl: ttlMs })
  return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value), close: () => cache.disconnect() }
}

function ofStorage(driver: object): Store {
  const storage: Storage = createStorage({ driver: driver as never })
  return {
    get: (key) => storage.getItem(key),
    set: (key, value) => storage.setItem(key, value, { ttl: ttlMs / 1000 }),
    close: () => storage.dispose(),
  }
}

function ofIoredis(client: Redis): Store {
  return { get: (key) => client.get(key), set: (key, value) => client.set(key, value), close: () => client.disconnect() }
}

function wrapped(client: Redis, wrap: (client: Redis) => unknown): Store {
  return { ...ofIoredis(wrap(client) as Redis), close: () => client.disconnect() }
}

async function connected(url: string) {
  return createClient({ url })
    .on('error', () => {})
    .connect()
}

function ofNodeRedis(client: Awaited<ReturnType<typeof connected>>): Store {
  return { get: (key) => client.get(key), set: (key, value) => client.set(key, value), close: () => client.destroy() }
}
