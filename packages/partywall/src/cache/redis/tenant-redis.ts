/** A client of Redis whose commands reach the keys of the current tenant alone: by ioredis 5, or by node-redis. */
import { assertKnownKeys } from '../../known-keys.ts'
import type { CacheTenancy } from '../../ports/tenancy-like.ts'
import { warnIfUntested } from '../../tested-versions.ts'
import { assertCacheTenancy, checkedTenantId, currentTenant } from '../shared/current-tenant.ts'
import { channelPrefix, checkedName, keyPrefix, lasting, sharedId, tenantPrefix } from '../shared/keys.ts'
import { assertNoKeyPrefix, isIoredis, isNodeRedis, noClient, type IoredisLike, type NodeRedisLike } from './clients.ts'
import { tenantIoredis } from './ioredis.ts'
import { assertHandsOver, tenantNodeRedis } from './node-redis.ts'
import type { Redirect } from './redirect.ts'
import type { Prefixes } from './rewrite.ts'

export interface TenantRedisOptions {
  /** A part of every key. What has another name has other keys. @default 'redis' */
  readonly name?: string | undefined
  /**
   * Keep the keys when the tenant is renamed or moved: for counters and settings. Without it they are those of one generation, as in a cache, and the tenant
   * begins with none after a rename. @default false
   */
  readonly lasting?: boolean | undefined
}

/** What reaches more than the keys of one tenant, as ioredis and node-redis call it. */
export type RefusedOfRedis =
  | AlsoInBytes<
      | 'flushall'
      | 'flushAll'
      | 'flushdb'
      | 'flushDb'
      | 'keys'
      | 'randomkey'
      | 'randomKey'
      | 'dbsize'
      | 'dbSize'
      | 'swapdb'
      | 'swapDb'
      | 'config'
      | 'configGet'
      | 'configSet'
      | 'select'
      | 'move'
      | 'migrate'
      | 'watch'
      | 'unwatch'
      | 'exec'
      | 'discard'
      | 'monitor'
      | 'client'
      | 'quit'
      | 'auth'
      | 'info'
      | 'shutdown'
    >
  | 'FLUSHALL'
  | 'FLUSHDB'
  | 'KEYS'
  | 'RANDOMKEY'
  | 'DBSIZE'
  | 'SWAPDB'
  | 'SELECT'
  | 'MOVE'
  | 'MIGRATE'
  | 'WATCH'
  | 'UNWATCH'
  | 'MONITOR'
  | 'QUIT'
  | 'AUTH'
  | 'connect'
  | 'disconnect'
  | 'close'
  | 'destroy'
  | 'duplicate'
  | 'legacy'
  | 'createPool'
  | 'executeIsolated'
  | 'defineCommand'

/** With the name that ioredis has for the answer in bytes. */
export type AlsoInBytes<Name extends string> = Name | `${Name}Buffer`

/** The commands of the client for one tenant. */
export type RedisOf<Client> = { [Name in Exclude<keyof Client, RefusedOfRedis>]: OmitThisParameter<Client[Name]> }

export type TenantRedis<Client> = RedisOf<Client> & {
  /** What belongs to all tenants: named on purpose, and used in any scope or in none. */
  readonly shared: RedisOf<Client>
  /** Removes all that a tenant has under this name, of every generation. Reads the names of all keys of the database. */
  forgetTenant(tenant: { readonly id: string }): Promise<void>
}

/**
 * The same client with the current tenant in every key and channel, and without it in the answers. Commands that reach more than the keys of one tenant are
 * refused, and so are those that partywall does not know. Closing the client is the application's work.
 * @example
 * const redis = tenantRedis(tenancy, new Redis())
 * await tenancy.run('acme', () => redis.incr('visits'))
 * @throws TenancyError INVALID_ARGUMENT, INVALID_OPTION. Its commands: NO_TENANT, TENANT_CHANGED, INVALID_ARGUMENT, WRONG_TENANT
 */
export function tenantRedis<Client extends IoredisLike | NodeRedisLike>(
  tenancy: CacheTenancy,
  client: Client,
  options: TenantRedisOptions = {},
): TenantRedis<Client> {
  const what = 'tenantRedis'
  assertCacheTenancy(what, tenancy)
  assertKnownKeys(what, options, ['name', 'lasting'], 'INVALID_OPTION')
  const name = checkedName(options.name ?? 'redis', what)
  const view = viewOf(what, client)
  assertNoKeyPrefix(what, client)
  const prefixes = new WeakMap<object, Prefixes>()
  const bind: Redirect['bind'] = (fn) => tenancy.bind(fn)
  const own: Redirect = {
    bind,
    prefixes() {
      const tenant = currentTenant(tenancy)
      let found = prefixes.get(tenant)
      if (found === undefined)
        prefixes.set(tenant, (found = prefixesOf(name, tenant.id, options.lasting === true ? lasting : tenant.generation)))
      return found
    },
  }
  const ofAll = prefixesOf(name, sharedId, options.lasting === true ? lasting : 0)
  const shared = view(client, { bind, prefixes: () => ofAll })
  const forgetTenant = async (tenant: { readonly id: string }): Promise<void> =>
    forget(client, tenantPrefix(name, checkedTenantId('forgetTenant', tenant)))
  return view(client, own, { shared, forgetTenant }) as TenantRedis<Client>
}

function prefixesOf(name: string, id: string, generation: number | typeof lasting): Prefixes {
  return { key: keyPrefix(name, id, generation), channel: channelPrefix(name, id) }
}

function viewOf(what: string, client: unknown): (client: any, redirect: Redirect, extras?: object) => object {
  if (isIoredis(client)) {
    warnIfUntested('ioredis')
    return tenantIoredis
  }
  if (isNodeRedis(client)) {
    assertHandsOver(client)
    warnIfUntested('redis')
    return tenantNodeRedis
  }
  throw noClient(what, client)
}

async function forget(client: IoredisLike | NodeRedisLike, prefix: string): Promise<void> {
  const send = (command: string, ...args: string[]): Promise<unknown> =>
    isIoredis(client) ? client.call(command, ...args) : client.sendCommand([command, ...args])
  let cursor = '0'
  do {
    const [next, keys] = (await send('SCAN', cursor, 'MATCH', `${prefix}*`, 'COUNT', '1000')) as [unknown, string[]]
    cursor = String(next)
    if (keys.length > 0) await send('UNLINK', ...keys)
  } while (cursor !== '0')
}
