/** What TypeScript infers for partywall/cache. Checked by `npm run types`; nothing here runs. */
import KeyvRedis from '@keyv/redis'
import { Redis } from 'ioredis'
import { Keyv, type KeyvStoreAdapter } from 'keyv'
import { createClient } from 'redis'
import { createStorage, type Driver } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import { expectTypeOf } from 'vitest'
import {
  createTenantCache,
  storedKey,
  tenantDriver,
  tenantKeyv,
  tenantRedis,
  type CacheTenancy,
  type StoredKey,
} from '../../src/cache/cache.ts'
import type { Tenancy } from '../../src/tenancy.ts'

declare const tenancy: CacheTenancy
declare const whole: Tenancy<{ plan: 'free' | 'paid' }>

const cache = createTenantCache(whole, new Map())
createTenantCache(tenancy, new KeyvRedis('redis://localhost'))
createTenantCache(tenancy, new Redis(), { name: 'views', maxTtlMs: 60_000 })
createTenantCache(tenancy, createClient())
createTenantCache(tenancy, memoryDriver() as never)
expectTypeOf(cache.get<number>('key')).resolves.toEqualTypeOf<number | undefined>()
expectTypeOf(cache.get('key')).resolves.toEqualTypeOf<unknown>()

const report = cache.memoize('report', async (month: string, top: number) => ({ month, top }), {
  ttlMs: 5000,
  key: (month) => month,
})
expectTypeOf(report).parameters.toEqualTypeOf<[month: string, top: number]>()
expectTypeOf(report('May', 3)).resolves.toEqualTypeOf<{ month: string; top: number }>()
expectTypeOf(cache.shared.memoize('plain', () => 7)()).resolves.toEqualTypeOf<number>()

const store = tenantKeyv(whole, new KeyvRedis('redis://localhost'))
expectTypeOf(store).toExtend<KeyvStoreAdapter>()
export const positional = new Keyv(store)
export const named = new Keyv({ store: store.shared, namespace: 'plans' })
const driver = tenantDriver(tenancy, memoryDriver() as never)
expectTypeOf(driver).toExtend<Driver>()
createStorage({ driver }).mount('plans', driver.shared)

const redis = tenantRedis(whole, new Redis(), { lasting: true })
expectTypeOf(redis.get('a')).resolves.toEqualTypeOf<string | null>()
expectTypeOf(redis.shared.incr('a')).resolves.toEqualTypeOf<number>()
const node = tenantRedis(whole, createClient())
expectTypeOf(node.get('a')).resolves.toEqualTypeOf<string | null>()
expectTypeOf(storedKey('x')).toEqualTypeOf<StoredKey | undefined>()

// @ts-expect-error it reaches all tenants
redis.flushall()
// @ts-expect-error it reaches all tenants
redis.keys('*')
// @ts-expect-error it reaches all tenants
node.flushAll()
// @ts-expect-error the connection belongs to all tenants
node.quit()
// @ts-expect-error what is shared has no tenant to forget
cache.shared.forgetTenant({ id: 'x' })
// @ts-expect-error there is no such option
cache.memoize('report', () => 1, { ttl: 5 })
// @ts-expect-error the key is made of the arguments
cache.memoize('report', (month: string) => month, { key: (month: number) => month })
// @ts-expect-error a tenancy comes first
createTenantCache(new Map())
// @ts-expect-error a store comes second
createTenantCache(tenancy, 'redis://localhost')
