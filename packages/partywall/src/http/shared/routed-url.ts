/**
 * The path for the router of a framework that chooses the route before the adapter decides about the request. It looks only at the spelling of the path; whether
 * there is such a tenant, and whether it may be entered, is decided afterwards from the URL as it was sent.
 */
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import type { Hint } from '../../ports/resolver.ts'

/**
 * The URL without the part that names a tenant by `byPath`; the same URL where no part does. Costs no query.
 * @example const app = fastify({ rewriteUrl: (req) => routedUrl(tenancy, req.url ?? '/') })
 */
export function routedUrl(tenancy: Pick<HttpTenancy, 'options'>, url: string): string {
  const end = url.search(/[?#]/)
  const path = end === -1 ? url : url.slice(0, end)
  for (const resolver of tenancy.options.resolve) {
    if (typeof resolver === 'function' || resolver.reads !== 'path') continue
    const hint = resolver.resolve({ path }) as Hint
    if (hint.outcome !== 'tenant' || hint.mount === undefined) continue
    const rest = url.slice(hint.mount.length)
    return rest.startsWith('/') ? rest : `/${rest}`
  }
  return url
}

/** The same for a request, which is noted where a part was taken out. */
export function routeRequest(tenancy: Pick<HttpTenancy, 'options'>, request: object, url: string): string {
  const routed = routedUrl(tenancy, url)
  if (routed !== url) sentUrls.set(request, url)
  return routed
}

/**
 * What the client asked for, where the route was chosen without the part that names the tenant; undefined elsewhere. When there is no such tenant, and `unknown` lets the request in all the same,
 * that route is one of another address. A framework that chooses the route afterwards finds none.
 */
export function sentUrl(request: object): string | undefined {
  return sentUrls.get(request)
}

const sentUrls = new WeakMap<object, string>()
