/** The options that every cache has, and what it offers beside the library's own calls. */
import { assertKnownKeys } from '../known-keys.ts'
import type { CacheTenancy } from '../ports/tenancy-like.ts'
import { assertWholeNumber } from '../whole-number.ts'
import type { Backing } from './backing.ts'
import { Entries } from './entries.ts'
import { assertCacheTenancy, checkedTenantId, currentTenant } from './shared/current-tenant.ts'
import { checkedName, sharedId } from './shared/keys.ts'

export interface CacheOptions {
  /** A part of every key. What has another name is another cache, also in the same store. @default 'cache' */
  readonly name?: string | undefined
  /**
   * The longest time that a value stays in the store, and the time of one that is stored without any. It is when the values of a deleted tenant, and those
   * that were flushed, are gone at the latest, in a store that knows a time to live. @default one day
   */
  readonly maxTtlMs?: number | undefined
}

/** Tells a cache to forget. */
export interface CacheControl {
  /**
   * Forgets all that the tenant has in this cache. When it resolves, no process reads a value from before any more, and none that was computed before
   * comes back later. Costs three round trips, however much there is.
   * @param tenant default: that of the running scope
   * @throws TenancyError NO_TENANT, INVALID_ARGUMENT; an error when the store has not kept it
   */
  flushTenant(tenant?: { readonly id: string }): Promise<void>
  /**
   * Removes all that a tenant has in this cache, of every generation: for a tenant that was deleted. Reads the names of all keys where the store has no
   * other way; a store that cannot list keys keeps the values, which no tenant can read, until their time is over.
   * @throws TenancyError INVALID_ARGUMENT
   */
  forgetTenant(tenant: { readonly id: string }): Promise<void>
}

/** The values of the current tenant, those of all tenants, and the calls to forget. */
export interface Divided {
  readonly tenant: Entries
  readonly shared: Entries
  readonly control: CacheControl
}

/** @throws TenancyError INVALID_ARGUMENT, INVALID_OPTION */
export function divided(what: string, tenancy: CacheTenancy, backing: Backing, options: CacheOptions = {}): Divided {
  assertCacheTenancy(what, tenancy)
  assertKnownKeys(what, options, ['name', 'maxTtlMs'], 'INVALID_OPTION')
  const name = checkedName(options.name ?? 'cache', what)
  const maxTtlMs = options.maxTtlMs ?? 86_400_000
  assertWholeNumber('INVALID_OPTION', `"maxTtlMs" of ${what}`, 'maxTtlMs', maxTtlMs, { least: 1000 })
  const of = { backing, name, maxTtlMs, what, scope: () => tenancy.scope() }
  const tenant = new Entries({ ...of, owner: () => currentTenant(tenancy) })
  return {
    tenant,
    shared: new Entries({ ...of, owner: () => sharedId }),
    control: {
      flushTenant: async (given) => tenant.flush(given === undefined ? undefined : checkedTenantId('flushTenant', given)),
      forgetTenant: async (given) => tenant.forget(checkedTenantId('forgetTenant', given)),
    },
  }
}
