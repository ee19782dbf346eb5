/** The same point query under the boundary `role`, against the boundary `path`: 1,000 tenants with a role each, picked evenly. */
import type { Outcome } from '../measuring/outcome.ts'
import { compare, player, type Plan } from '../measuring/rounds.ts'
import { partywall } from '../queries/contestants.ts'
import { createFleet, picker } from '../queries/fleet.ts'
import { giveRoles } from '../queries/roles.ts'

const tenants = 1000
const plan: Plan = { callers: 8, pieces: 10_000, warmUp: 20_000, rounds: 9 }

export async function queryRole(url: string): Promise<Outcome> {
  await createFleet(url, tenants)
  const appUrl = await giveRoles(url)
  const setup = { tenants, connections: 20, pick: picker(tenants, 'uniform') }
  const byRole = player({ ...(await partywall({ ...setup, url: appUrl }, { boundary: 'role' })), name: 'role' })
  const byPath = player({ ...(await partywall({ ...setup, url })), name: 'path' })
  try {
    return { tenants, rounds: plan.rounds, ...(await compare(byRole, [byPath], plan)) }
  } finally {
    await Promise.all([byRole, byPath].map((contestant) => contestant.close()))
  }
}
