/** Warns of a host name that was stored and leads elsewhere: resolvers decide by the config, and may never look a domain up. */
import type { Tenancy } from '../../tenancy.ts'
import type { Domain } from '../../types.ts'

/** One line for each host name whose requests do not reach its tenant. Costs at most two queries for each. */
export async function unreached(tenancy: Tenancy, domains: readonly Pick<Domain, 'domain' | 'tenantId'>[]): Promise<string[]> {
  // Without resolvers nothing is known: the app finds its tenants in another way.
  if (tenancy.options.resolve.length === 0) return []
  const lines = await Promise.all(domains.map((domain) => unreachedBy(tenancy, domain)))
  return lines.filter((line) => line !== undefined)
}

async function unreachedBy(
  tenancy: Tenancy,
  { domain, tenantId }: Pick<Domain, 'domain' | 'tenantId'>,
): Promise<string | undefined> {
  // A resolver of the app may expect more than a host.
  const resolution = await tenancy.resolve({ host: domain }).catch(() => undefined)
  if (resolution === undefined) return undefined
  const request = `A request to ${JSON.stringify(domain)}`
  const remedy = 'See `resolve` in the config.'
  switch (resolution.outcome) {
    case 'none':
      return `${request} names no tenant: the host is your own, an address, or a name without a dot; or no resolver reads hosts. ${remedy}`
    case 'resolved':
      if (resolution.tenant.id === tenantId) return undefined
      return `${request} leads to the tenant ${JSON.stringify(resolution.tenant.schema)} instead. ${remedy}`
    case 'unknown':
    case 'invalid':
      return `${request} finds no tenant: no resolver looks up this host among the domains. ${remedy}`
    default:
      return undefined
  }
}
