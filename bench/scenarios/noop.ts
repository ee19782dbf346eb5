/** A deploy that finds nothing to do, over 1,000 tenants of 12 tables. */
import type { Outcome } from '../measuring/outcome.ts'
import { drizzleMultitenant, oneByOne } from '../migrations/contestants.ts'
import { race } from '../migrations/race.ts'

export function noop(url: string): Promise<Outcome> {
  return race(url, [oneByOne], drizzleMultitenant, { rounds: 7, isIdle: true })
}
