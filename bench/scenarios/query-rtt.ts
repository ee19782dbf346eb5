/** The point query of `query` over a network with a delay of one millisecond, where the number of round trips decides. */
import { joined } from '../measuring/comparison.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { startRelay } from '../measuring/relay.ts'
import { compare, player, type Plan } from '../measuring/rounds.ts'
import { partywall, qualified, setOnCheckout, transaction } from '../queries/contestants.ts'
import { createFleet, picker } from '../queries/fleet.ts'
import { poolPerTenant } from '../queries/pool-per-tenant.ts'

const tenants = 1000
const delayMs = 1
const plan: Plan = { callers: 8, pieces: 1500, warmUp: 10_000, rounds: 7 }

export async function queryRtt(url: string): Promise<Outcome> {
  await createFleet(url, tenants)
  const relay = await startRelay(url, delayMs)
  const setup = { url: relay.url, tenants, connections: 20, pick: picker(tenants, 'uniform') }
  const ours = player(await partywall(setup))
  const rivals = [player(qualified(setup)), player(setOnCheckout(setup)), player(transaction(setup))]
  const rivalAlone = player(poolPerTenant(setup), 0.1)
  try {
    const { ratios, spread, figures } = joined(await compare(ours, rivals, plan), await compare(ours, [rivalAlone], plan))
    return { tenants, rounds: plan.rounds, ratios, spread, figures: { ...figures, delayMs } }
  } finally {
    await Promise.all([ours, rivalAlone, ...rivals].map((contestant) => contestant.close()))
    relay.close()
  }
}
