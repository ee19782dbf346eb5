/**
 * partywall/cache: what an application keeps outside of PostgreSQL and may forget, divided by tenant. The key of each value carries the id of the tenant and its
 * generation; outside of a tenant's scope nothing is read or written.
 *
 * - `createTenantCache`: a cache with `memoize`, on a Map, a store for Keyv, a driver of unstorage, ioredis or node-redis
 * - `tenantKeyv`: a store for Keyv 5; `tenantDriver`: a driver for unstorage 1
 * - `tenantRedis`: the commands of ioredis 5 or node-redis
 *
 * Not isolated by it: what an application keeps in a variable, and what a script of Redis names in its text.
 */
import '../node-version.ts'

export type { CacheLookup } from './hits.ts'
export { tenantKeyv, type KeyvStoreLike, type TenantKeyv, type TenantKeyvStore } from './keyv.ts'
export type { CacheControl, CacheOptions } from './options.ts'
export type { IoredisLike, NodeRedisLike } from './redis/clients.ts'
export {
  tenantRedis,
  type AlsoInBytes,
  type RedisOf,
  type RefusedOfRedis,
  type TenantRedis,
  type TenantRedisOptions,
} from './redis/tenant-redis.ts'
export { storedKey, type StoredKey } from './shared/keys.ts'
export {
  createTenantCache,
  type CacheStore,
  type MemoizeOptions,
  type StoreOptions,
  type TenantCache,
  type ValueCache,
} from './tenant-cache.ts'
export { tenantDriver, type TenantDriver, type TenantDriverPart, type UnstorageDriverLike } from './unstorage.ts'
export type { CacheTenancy, ScopeLike } from '../ports/tenancy-like.ts'
