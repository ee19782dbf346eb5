/** Leads visitors from the other domains of a tenant to its primary one, so that search engines, cookies and links know one address. */
import { BoundedMap } from '../../bounded-map.ts'
import { hostName } from '../../names/host-name.ts'
import type { RequestFacts } from '../../ports/resolver.ts'
import type { Domain, Tenant } from '../../types.ts'
import type { HttpAnswer } from './problem.ts'

/** What is asked of a tenancy. */
export interface DomainsTenancy {
  readonly domains: { list(ref: { readonly id: string }): Promise<Domain[]> }
  on(
    event: 'domain.primary' | 'domain.removed' | 'domain.added',
    listener: (payload: { readonly domain: Domain }) => unknown,
  ): () => void
}

export interface PrimaryRedirectOptions {
  /** How long the primary domain of a tenant is remembered: changes by other processes are seen after it. In milliseconds. @default 60_000 */
  rememberMs?: number
}

/**
 * Makes the function that gives a redirect (308) for a page that was asked for at another domain of its tenant, and undefined otherwise: at the primary domain, under
 * your base, by an address, for a tenant without domains. Only GET and HEAD are redirected: a form would be sent twice. Costs one query for a tenant in
 * `rememberMs`.
 * @param url the path and the query as the client sent them
 * @example
 * const redirect = primaryRedirect(tenancy)
 * const answer = await redirect(nodeFacts(req), req.method, req.originalUrl, req.tenant)
 */
export function primaryRedirect(
  tenancy: DomainsTenancy,
  { rememberMs = 60_000 }: PrimaryRedirectOptions = {},
): (
  facts: RequestFacts,
  method: string | undefined,
  url: string,
  tenant: Pick<Tenant<any>, 'id'> | undefined,
) => Promise<HttpAnswer | undefined> {
  const remembered = new BoundedMap<string, { readonly domains: readonly Domain[]; readonly until: number }>(10_000)
  const forget = ({ domain }: { readonly domain: Domain }): void => void remembered.delete(domain.tenantId)
  for (const event of ['domain.primary', 'domain.removed', 'domain.added'] as const) tenancy.on(event, forget)

  return async (facts, method, url, tenant) => {
    if (tenant === undefined || facts.host === undefined || (method !== 'GET' && method !== 'HEAD')) return undefined
    const parsed = hostName(facts.host)
    if (parsed.form !== 'name') return undefined
    const domains = await domainsOf(tenant.id)
    const primary = domains.find(({ isPrimary }) => isPrimary)?.domain
    const isAlias = domains.some(
      ({ domain, isPrimary }) => !isPrimary && (domain === parsed.host || `www.${domain}` === parsed.host),
    )
    if (primary === undefined || !isAlias) return undefined
    // A path alone: what a client wrote as a whole address, or with two slashes, would lead to another site.
    const path = /^\/(?![/\\])/.test(url) ? url : '/'
    const location = new URL(path, `https://${primary}`)
    return { status: 308, headers: { location: location.href, 'cache-control': 'no-store' }, body: '' }
  }

  async function domainsOf(id: string): Promise<readonly Domain[]> {
    const known = remembered.get(id)
    if (known !== undefined && known.until > performance.now()) return known.domains
    const domains = await tenancy.domains.list({ id })
    remembered.set(id, { domains, until: performance.now() + rememberMs })
    return domains
  }
}
