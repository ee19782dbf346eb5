/** One point query for a tenant picked at random: 1,000 tenants, 20 connections, 8 callers, tenants picked evenly and by Zipf. */
import { joined, suffixed, type Comparison } from '../measuring/comparison.ts'
import type { Outcome } from '../measuring/outcome.ts'
import { compare, player, type Plan } from '../measuring/rounds.ts'
import { partywall, qualified, setOnCheckout, transaction } from '../queries/contestants.ts'
import { createFleet, picker } from '../queries/fleet.ts'
import { poolPerTenant } from '../queries/pool-per-tenant.ts'

const tenants = 1000
const plan: Plan = { callers: 8, pieces: 10_000, warmUp: 20_000, rounds: 9 }

export async function query(url: string): Promise<Outcome> {
  await createFleet(url, tenants)
  const uniform = await contest(url, 'uniform')
  const zipf = await contest(url, 'zipf')
  return { tenants, rounds: plan.rounds, ...joined(uniform, suffixed(zipf, 'zipf')) }
}

async function contest(url: string, how: 'uniform' | 'zipf'): Promise<Comparison> {
  const setup = { url, tenants, connections: 20, pick: picker(tenants, how) }
  const ours = player(await partywall(setup))
  const rivals = [player(qualified(setup)), player(setOnCheckout(setup)), player(transaction(setup))]
  const rivalAlone = player(poolPerTenant(setup), 0.1)
  try {
    // It opens and closes connections all the time, which would slow down the contestant after it: it meets partywall alone.
    return joined(await compare(ours, rivals, plan), await compare(ours, [rivalAlone], plan))
  } finally {
    await Promise.all([ours, rivalAlone, ...rivals].map((contestant) => contestant.close()))
  }
}
