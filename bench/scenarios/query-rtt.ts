/** The same query over a network of one millisecond, where round trips are what counts. */
import { partywall, qualified, setOnCheckout, transaction } from '../queries/contestants.ts'
import { benchTenants, makeFleet, picker } from '../queries/fleet.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { poolPerTenant } from '../queries/pool-per-tenant.ts'
import { startRelay } from '../measuring/relay.ts'
import { compare, player, together, type Plan } from '../measuring/rounds.ts'

const tenants = 1000
const delayMs = 1
const plan: Plan = { callers: 8, pieces: 1500, warmUp: 10_000, rounds: 7 }

export async function queryRtt(url: string): Promise<Outcome> {
  await makeFleet(url, tenants)
  const relay = await startRelay(url, delayMs)
  const ring = { url: relay.url, tenants: benchTenants(tenants), connections: 20, pick: picker(tenants, 'uniform') }
  const ours = player(partywall(ring))
  const rivals = [player(qualified(ring)), player(setOnCheckout(ring)), player(transaction(ring))]
  const apart = player(poolPerTenant(ring), 0.1)
  try {
    const { ratios, spread, figures } = together(await compare(ours, rivals, plan), await compare(ours, [apart], plan))
    return { tenants, rounds: plan.rounds, ratios, spread, figures: { ...figures, delayMs } }
  } finally {
    await Promise.all([ours, apart, ...rivals].map((contestant) => contestant.close()))
    relay.close()
  }
}
