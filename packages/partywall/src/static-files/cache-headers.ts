/** What caches may do with a file that differs from tenant to tenant. A cache knows the URL, and what `Vary` names. */
import type { Resolver } from '../ports/resolver.ts'

export interface Caching {
  readonly headers: Readonly<Record<string, string>>
  /** The host or the path names the tenant, so no URL has the files of two tenants. */
  readonly isByUrl: boolean
}

export function cacheHeaders(resolvers: readonly Resolver[], maxAgeSeconds: number): Caching {
  const isByUrl = resolvers.length > 0 && resolvers.every(namesUrl)
  if (isByUrl) {
    const control = maxAgeSeconds === 0 ? 'no-cache' : `max-age=${maxAgeSeconds}`
    return { headers: { 'cache-control': `public, ${control}`, vary: 'Host' }, isByUrl }
  }
  // Elsewhere one URL has a file for each tenant. A cache that others share keeps none; that of a browser asks each time, and the etag differs.
  const vary = new Set(resolvers.flatMap(readsOf))
  return { headers: { 'cache-control': 'private, no-cache', vary: vary.has('*') ? '*' : [...vary].join(', ') || '*' }, isByUrl }
}

function namesUrl(resolver: Resolver): boolean {
  return typeof resolver === 'object' && (resolver.hosts !== undefined || resolver.reads === 'path')
}

/** The headers that a resolver reads; `*` where they are not known. */
function readsOf(resolver: Resolver): readonly string[] {
  if (typeof resolver === 'function') return ['*']
  if (resolver.hosts !== undefined) return ['Host']
  switch (resolver.reads) {
    case 'path':
    case 'query':
      return []
    case 'cookie':
    case 'session':
      return ['Cookie']
    case 'origin':
      return ['Origin']
    default:
      return ['*']
  }
}
