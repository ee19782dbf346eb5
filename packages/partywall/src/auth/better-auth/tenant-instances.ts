/** An instance of Better Auth for each tenant that is in use, in a cache of bounded size. It is made again when the tenant or its domains have changed. */
import type { Auth, BetterAuthOptions } from 'better-auth'
import { BoundedMap } from '../../bounded-map.ts'
import type { Domain, Tenant } from '../../types.ts'
import { assertWholeNumber } from '../../whole-number.ts'

/** What tells that the address of a tenant is another one. */
export interface DomainEvents {
  on(
    event: 'domain.primary' | 'domain.removed' | 'domain.added',
    listener: (payload: { readonly domain: Domain }) => unknown,
  ): () => void
}

/** Where another process changed the domains, an instance lives no longer than this. */
const lifeMs = 60_000

/**
 * @param make is asked again after a failure
 * @throws TenancyError INVALID_OPTION
 */
export function tenantInstances<O extends BetterAuthOptions, T extends Tenant<any>>(
  what: string,
  tenancy: DomainEvents,
  maxInstances: number,
  make: (tenant: T) => Promise<Auth<O>>,
): (tenant: T) => Promise<Auth<O>> {
  assertWholeNumber('INVALID_OPTION', `"maxInstances" of ${what}`, 'maxInstances', maxInstances, { least: 1 })
  const instances = new BoundedMap<string, Kept<O>>(maxInstances)
  for (const event of ['domain.primary', 'domain.removed', 'domain.added'] as const)
    tenancy.on(event, ({ domain }) => instances.delete(domain.tenantId))

  return (tenant) => {
    const version = JSON.stringify(tenant)
    const kept = instances.get(tenant.id)
    if (kept !== undefined && kept.version === version && kept.until > performance.now()) return kept.instance
    const instance = make(tenant)
    instances.set(tenant.id, { instance, version, until: performance.now() + lifeMs })
    // What failed is tried again.
    instance.catch(() => {
      if (instances.get(tenant.id)?.instance === instance) instances.delete(tenant.id)
    })
    return instance
  }
}

interface Kept<O extends BetterAuthOptions> {
  readonly instance: Promise<Auth<O>>
  /** The tenant as it was then. */
  readonly version: string
  readonly until: number
}
