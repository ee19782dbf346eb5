/** A deploy with one more migration, a column with a default and an index, over 1,000 tenants of 12 tables. */
import type { Outcome } from '../measuring/outcome.ts'
import { asyncCommitFloor, drizzleMultitenant, durableFloor, oneByOne } from '../migrations/contestants.ts'
import { race } from '../migrations/race.ts'

export function migrate(url: string): Promise<Outcome> {
  return race(url, [durableFloor, asyncCommitFloor, oneByOne], drizzleMultitenant, { rounds: 7 })
}
