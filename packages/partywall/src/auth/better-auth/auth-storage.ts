/** Storage that tenants share, such as Redis or the memory of the process: each tenant has keys of its own there. */
import type { BetterAuthOptions } from 'better-auth'
import { BoundedMap } from '../../bounded-map.ts'

type SecondaryStorage = NonNullable<BetterAuthOptions['secondaryStorage']>
type RateLimitStorage = NonNullable<NonNullable<BetterAuthOptions['rateLimit']>['customStorage']>

/** The first argument of every method is a key. */
export function prefixed(storage: SecondaryStorage, prefix: string): SecondaryStorage {
  return new Proxy(storage, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (key: unknown, ...others: unknown[]): unknown => Reflect.apply(value, target, [`${prefix}${String(key)}`, ...others])
    },
  })
}

export function prefixedLimits(storage: RateLimitStorage, prefix: string): RateLimitStorage {
  return { consume: (key, rule) => storage.consume(`${prefix}${key}`, rule) }
}

/** Counts of one process, bounded. An instance that is made again keeps them, because they are not its own. */
export function limitsInMemory(): RateLimitStorage {
  const counts = new BoundedMap<string, { count: number; readonly until: number }>(100_000)
  return {
    async consume(key, { window, max }) {
      const now = performance.now()
      const known = counts.get(key)
      if (known === undefined || known.until <= now) {
        counts.set(key, { count: 1, until: now + window * 1000 })
        return { allowed: true, retryAfter: null }
      }
      if (known.count >= max) return { allowed: false, retryAfter: Math.ceil((known.until - now) / 1000) }
      known.count += 1
      return { allowed: true, retryAfter: null }
    },
  }
}
