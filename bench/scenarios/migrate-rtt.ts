/** The deploy of `migrate` over a network with a delay of one millisecond. */
import type { Outcome } from '../measuring/outcome.ts'
import { startRelay } from '../measuring/relay.ts'
import { asyncCommitFloor, drizzleMultitenant, durableFloor, oneByOne } from '../migrations/contestants.ts'
import { race } from '../migrations/race.ts'

const delayMs = 1

export async function migrateRtt(url: string): Promise<Outcome> {
  const relay = await startRelay(url, delayMs)
  try {
    const { host } = new URL(relay.url)
    const through = (direct: string): string => Object.assign(new URL(direct), { host }).href
    const outcome = await race(url, [durableFloor, asyncCommitFloor, oneByOne], drizzleMultitenant, {
      rounds: 5,
      through,
    })
    return { ...outcome, figures: { ...outcome.figures, delayMs } }
  } finally {
    relay.close()
  }
}
