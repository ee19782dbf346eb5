/**
 * Users in the schema of each tenant, with an instance of Better Auth for each tenant. One instance for all would accept the session of one tenant at another: by its signature
 * alone with `cookieCache`, by its key with a shared storage; and the pages of each tenant could act at every other.
 */
import { betterAuth, type Auth, type BetterAuthOptions } from 'better-auth'
import type { Pool } from 'pg'
import { catalogKey } from '../../catalog-key.ts'
import type { Database } from '../../ports/database.ts'
import { BoundedMap } from '../../bounded-map.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { RequestFacts, Resolution } from '../../ports/resolver.ts'
import { warnIfUntested } from '../../tested-versions.ts'
import type { Attributes, Domain, Tenant, TenantRef } from '../../types.ts'
import { assertWholeNumber } from '../../whole-number.ts'
import { authHandle, type AuthHandle } from './auth-handle.ts'
import { masterSecrets, type MasterSecrets } from '../../master-secrets.ts'
import { derivedSecrets } from './auth-secrets.ts'
import { limitsInMemory, prefixed, prefixedLimits } from './auth-storage.ts'
import { assertOwnOptions } from './checked-options.ts'

/** A tenancy, the result of `createTenancy(config)`. */
export interface TenantAuthTenancy<A extends object = Attributes> {
  readonly pool: Pool
  readonly [catalogKey]: unknown
  resolve(facts: RequestFacts): Promise<Resolution<A>>
  current(): Tenant<A>
  url(ref: TenantRef, path?: string): Promise<string>
  on(
    event: 'domain.primary' | 'domain.removed' | 'domain.added',
    listener: (payload: { readonly domain: Domain }) => unknown,
  ): () => void
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
  warnIfUntested('better-auth')
  const { maxInstances = 1000 } = settings
  assertWholeNumber('INVALID_OPTION', '"maxInstances" of tenantAuth', 'maxInstances', maxInstances, { least: 1 })
  const audit = { catalog: tenancy[catalogKey] as Pick<Database, 'transaction'>, tenant: () => tenancy.current() }
  const masters = masterSecrets('tenantAuth', settings)
  const limits = limitsInMemory()
  const instances = new BoundedMap<string, Kept<O>>(maxInstances)
  for (const event of ['domain.primary', 'domain.removed', 'domain.added'] as const)
    tenancy.on(event, ({ domain }) => instances.delete(domain.tenantId))

  return authHandle<O>(() => {
    const tenant = tenancy.current()
    const version = JSON.stringify(tenant)
    const kept = instances.get(tenant.id)
    if (kept !== undefined && kept.version === version && kept.until > performance.now()) return kept.instance
    const instance = made(tenant)
    instances.set(tenant.id, { instance, version, until: performance.now() + 60_000 })
    // What failed is tried again.
    instance.catch(() => {
      if (instances.get(tenant.id)?.instance === instance) instances.delete(tenant.id)
    })
    return instance
  }, audit)

  async function made(tenant: Tenant<A>): Promise<Auth<O>> {
    const given: O = options(tenant)
    assertOwnOptions('tenantAuth', given, tenant.id)
    const prefix = `tenant:${tenant.id}:`
    const { secondaryStorage, rateLimit, trustedOrigins } = given
    const counted = rateLimit?.storage ?? (secondaryStorage === undefined ? 'memory' : 'secondary-storage')
    return betterAuth({
      ...given,
      ...derivedSecrets(masters, tenant.id),
      database: tenancy.pool,
      baseURL: given.baseURL ?? new URL(await tenancy.url({ id: tenant.id })).origin,
      trustedOrigins: async (request?: Request) => [
        ...((trustedOrigins as string[] | undefined) ?? []),
        ...(await ownOrigin(request, tenant.id)),
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

  /** The origin of the page that asks, where its host leads to the tenant. */
  async function ownOrigin(request: Request | undefined, tenantId: string): Promise<string[]> {
    const origin = request?.headers.get('origin') ?? ''
    const [, scheme, host] = /^(https?):\/\/([^/?#@,\s*]+)$/.exec(origin) ?? []
    if (host === undefined || (scheme === 'http' && !/^(?:.*\.)?localhost(?::\d+)?$/.test(host))) return []
    // By the host alone: what else names a tenant in this request says nothing about the page.
    const resolution = await tenancy.resolve({ host })
    return resolution.outcome === 'resolved' && resolution.tenant.id === tenantId ? [origin] : []
  }
}

interface Kept<O extends BetterAuthOptions> {
  readonly instance: Promise<Auth<O>>
  /** The tenant as it was then. */
  readonly version: string
  readonly until: number
}
