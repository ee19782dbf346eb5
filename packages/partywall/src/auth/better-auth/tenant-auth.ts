/**
 * Users in the schema of each tenant, with an instance of Better Auth for each tenant. One instance for all would accept the session of one tenant at another: by its signature
 * alone with `cookieCache`, by its key with a shared storage; and the pages of each tenant could act at every other.
 */
import { betterAuth, type Auth, type BetterAuthOptions } from 'better-auth'
import type { Pool } from 'pg'
import { catalogKey } from '../../catalog-key.ts'
import type { Database } from '../../ports/database.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { RequestFacts, Resolution } from '../../ports/resolver.ts'
import type { Attributes, Tenant, TenantRef } from '../../types.ts'
import { authHandle, type AuthHandle } from './auth-handle.ts'
import { masterSecrets, type MasterSecrets } from '../../master-secrets.ts'
import { derivedSecrets } from './auth-secrets.ts'
import { limitsInMemory, prefixed, prefixedLimits } from './auth-storage.ts'
import { assertOwnOptions } from './checked-options.ts'
import { hostCookies } from './host-cookies.ts'
import { ownPage } from './own-pages.ts'
import { tenantInstances, type DomainEvents } from './tenant-instances.ts'
import { assertUsableVersion } from './usable-version.ts'

/** A tenancy, the result of `createTenancy(config)`. */
export interface TenantAuthTenancy<A extends object = Attributes> extends DomainEvents {
  readonly pool: Pool
  readonly [catalogKey]: unknown
  resolve(facts: RequestFacts): Promise<Resolution<A>>
  current(): Tenant<A>
  url(ref: TenantRef, path?: string): Promise<string>
}

export interface TenantAuthSettings extends MasterSecrets {
  /** How many tenants have an instance in this process at a time; each takes some 90 kB. @default 1000 */
  maxInstances?: number
}

/**
 * Sign-in for users that belong to one tenant. Call its parts in the scope of a tenant. Each tenant has its own secret, address, cookies, and keys in shared storage. An instance
 * is made when the tenant is first used, and again when the tenant or its domains have changed, after a minute at the latest where another process changed the domains.
 * Costs a query for the address when it is made.
 * @param options of Better Auth, for a tenant. Absent `baseURL`: the address that `tenancy.url` gives. Pages at each host that leads to the tenant are trusted.
 * @example
 * const auth = tenantAuth(tenancy, () => ({ emailAndPassword: { enabled: true } }), { secret: process.env.AUTH_SECRET })
 * @throws TenancyError INVALID_OPTION; its parts throw NO_TENANT outside of a tenant, and INVALID_OPTION for options with which tenants would share sessions
 */
export function tenantAuth<O extends BetterAuthOptions, A extends object = Attributes>(
  tenancy: TenantAuthTenancy<A>,
  options: (tenant: Tenant<A>) => O,
  settings: TenantAuthSettings,
): AuthHandle<O> {
  assertKnownKeys('tenantAuth', settings, ['secret', 'secrets', 'maxInstances'], 'INVALID_OPTION')
  assertUsableVersion()
  const { maxInstances = 1000 } = settings
  const audit = { catalog: tenancy[catalogKey] as Pick<Database, 'transaction'>, tenant: () => tenancy.current() }
  const masters = masterSecrets('tenantAuth', settings)
  const limits = limitsInMemory()
  const instances = tenantInstances<O, Tenant<A>>('tenantAuth', tenancy, maxInstances, made)
  return authHandle<O>(() => instances(tenancy.current()), audit)

  async function made(tenant: Tenant<A>): Promise<Auth<O>> {
    const given: O = options(tenant)
    assertOwnOptions('tenantAuth', given, tenant.id)
    const prefix = `tenant:${tenant.id}:`
    const { secondaryStorage, rateLimit, trustedOrigins } = given
    const counted = rateLimit?.storage ?? (secondaryStorage === undefined ? 'memory' : 'secondary-storage')
    const baseURL = given.baseURL ?? new URL(await tenancy.url({ id: tenant.id })).origin
    return betterAuth({
      ...given,
      // Better Auth looks at no origin where it finds that tests run.
      advanced: { ...hostCookies(given, baseURL), disableOriginCheck: false },
      ...derivedSecrets(masters, tenant.id),
      database: tenancy.pool,
      baseURL,
      trustedOrigins: async (request?: Request) => [
        ...((trustedOrigins as string[] | undefined) ?? []),
        ...(await ownPage(tenancy, tenant, request)),
      ],
      ...(secondaryStorage !== undefined && { secondaryStorage: prefixed(secondaryStorage, prefix) }),
      rateLimit: {
        ...rateLimit,
        ...((rateLimit?.customStorage !== undefined || counted === 'memory') && {
          customStorage: prefixedLimits(rateLimit?.customStorage ?? limits, prefix),
        }),
      },
    } as BetterAuthOptions) as unknown as Auth<O>
  }
}
