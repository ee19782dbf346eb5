/** `unstable_cache` of Next.js with the tenant in its keys and its tags. Without it, the rows of the first tenant that asks are served to all. */

export interface TenantCacheOptions {
  /** Seconds until an entry is made again; false: never. @default false */
  revalidate?: number | false
  /** Each gets the tenant in front, as `tenantCacheKey(tag)` writes it. @default [] */
  tags?: readonly string[]
}

export interface TenantCache {
  /**
   * A name with the tenant of the current scope in front, for tags: `updateTag(tenantCacheKey('projects'))` drops the entries of one tenant.
   * @throws TenancyError NO_TENANT outside of a tenant's scope
   */
  tenantCacheKey(name: string): string
  /**
   * Keeps what `fn` returns, for each tenant on its own. `keys` tell this function from others of the app. What is kept is JSON: a Date comes back as a text.
   * @example const cachedProjects = tenantCache(() => prisma.project.findMany(), ['projects'], { revalidate: 60, tags: ['projects'] })
   * @throws TenancyError NO_TENANT when the result is called outside of a tenant's scope
   */
  tenantCache<Args extends unknown[], T>(
    fn: (...args: Args) => T,
    keys: readonly string[],
    options?: TenantCacheOptions,
  ): (...args: Args) => Promise<Awaited<T>>
}

export function tenantCacheOf(tenancy: { current(): { readonly id: string } }): TenantCache {
  // The id, and not the name, which may be used again for another tenant.
  const tenantCacheKey = (name: string): string => `${tenancy.current().id}:${name}`
  return {
    tenantCacheKey,
    tenantCache<Args extends unknown[], T>(
      fn: (...args: Args) => T,
      keys: readonly string[],
      { revalidate, tags = [] }: TenantCacheOptions = {},
    ) {
      return async (...args: Args): Promise<Awaited<T>> => {
        // Next.js joins the keys to one text. The id stands first and has one length, so whatever follows, those of two tenants differ.
        const keyParts = [tenancy.current().id, ...keys, fn.toString()]
        const options = { ...(revalidate !== undefined && { revalidate }), tags: tags.map(tenantCacheKey) }
        const { unstable_cache: cached } = await import('next/cache.js')
        const kept = async (...given: Args): Promise<Awaited<T>> => await fn(...given)
        return await cached(kept, keyParts, options)(...args)
      }
    },
  }
}
