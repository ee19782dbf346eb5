/** Limits how often something may be tried, in the memory of this process: for guesses at passwords and tokens. */
import { ApiProblem } from './problems.ts'

export interface Attempts {
  /** Counts one. @throws ApiProblem 429 */
  count(key: string): void
}

const mostKeys = 50_000

export function attempts({ most, windowMs }: { readonly most: number; readonly windowMs: number }): Attempts {
  const counts = new Map<string, { count: number; readonly until: number }>()
  return {
    count(key) {
      const now = performance.now()
      const known = counts.get(key)
      if (known !== undefined && known.until > now) {
        known.count += 1
        if (known.count > most)
          throw new ApiProblem(429, 'TOO_MANY_ATTEMPTS', 'Too many attempts. Wait a little.', {
            retryAfterSeconds: Math.ceil((known.until - now) / 1000),
          })
        return
      }
      counts.delete(key)
      // The oldest goes first: a map keeps the order in which its keys came.
      if (counts.size >= mostKeys) counts.delete(counts.keys().next().value!)
      counts.set(key, { count: 1, until: now + windowMs })
    },
  }
}
