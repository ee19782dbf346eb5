/** One point query for a tenant picked at random: 1,000 tenants, 20 connections, 8 callers, tenants picked evenly and by Zipf. */
import { partywall, qualified, setOnCheckout, transaction } from '../queries/contestants.ts'
import { benchTenants, makeFleet, picker } from '../queries/fleet.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { poolPerTenant } from '../queries/pool-per-tenant.ts'
import { compare, player, together, type Comparison, type Plan } from '../measuring/rounds.ts'

const tenants = 1000
const plan: Plan = { callers: 8, pieces: 10_000, warmUp: 20_000, rounds: 9 }

export async function query(url: string): Promise<Outcome> {
  await makeFleet(url, tenants)
  const uniform = await contest(url, 'uniform')
  const zipf = await contest(url, 'zipf')
  return {
    tenants,
    rounds: plan.rounds,
    ratios: { ...uniform.ratios, ...suffixed(zipf.ratios) },
    spread: { ...uniform.spread, ...suffixed(zipf.spread) },
    figures: { ...uniform.figures, ...suffixed(zipf.figures) },
  }
}

async function contest(url: string, how: 'uniform' | 'zipf'): Promise<Comparison> {
  const ring = { url, tenants: benchTenants(tenants), connections: 20, pick: picker(tenants, how) }
  const ours = player(partywall(ring))
  const rivals = [player(qualified(ring)), player(setOnCheckout(ring)), player(transaction(ring))]
  const apart = player(poolPerTenant(ring), 0.1)
  try {
    // It opens and closes connections all the time, which whoever comes after it would feel: it meets us alone.
    return together(await compare(ours, rivals, plan), await compare(ours, [apart], plan))
  } finally {
    await Promise.all([ours, apart, ...rivals].map((contestant) => contestant.close()))
  }
}

function suffixed<V>(record: Record<string, V>): Record<string, V> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [`${name} (zipf)`, value]))
}
