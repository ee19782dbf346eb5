/** Whether a page belongs to a tenant: it is at one of its domains, or at its address under the base. */
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import type { Tenant } from '../../types.ts'

/** The two parts of an origin; undefined for what is none of a page over HTTP, such as `null`. */
export function partsOfOrigin(origin: string): { readonly scheme: 'http' | 'https'; readonly host: string } | undefined {
  const [, scheme, host] = /^(https?):\/\/([^/?#@,\s]+)$/.exec(origin) ?? []
  return host === undefined ? undefined : { scheme: scheme as 'http' | 'https', host }
}

/** Pages of `http:` only of `localhost` and the names under it, unless `insecure`: others on the network could have written them. */
export async function isOwnOrigin(
  tenancy: Pick<HttpTenancy<any>, 'resolve'>,
  origin: string,
  tenant: Pick<Tenant<any>, 'id'>,
  { insecure = false }: { readonly insecure?: boolean } = {},
): Promise<boolean> {
  const parts = partsOfOrigin(origin)
  if (parts === undefined) return false
  const isLocal = /^(?:.*\.)?localhost(?::\d+)?$/.test(parts.host)
  if (parts.scheme === 'http' && !insecure && !isLocal) return false
  // By the host alone: what else names a tenant in this request says nothing about the page.
  if (!(await leadsTo(tenancy, parts.host, tenant))) return false
  // A resolver that gives every other host to one tenant says nothing about the page either.
  return !(await leadsTo(tenancy, hostOfNoOne, tenant))
}

/** RFC 2606: no one can have it. */
const hostOfNoOne = 'host.invalid'

async function leadsTo(
  tenancy: Pick<HttpTenancy<any>, 'resolve'>,
  host: string,
  tenant: Pick<Tenant<any>, 'id'>,
): Promise<boolean> {
  const resolution = await tenancy.resolve({ host })
  return resolution.outcome === 'resolved' && resolution.tenant.id === tenant.id
}
