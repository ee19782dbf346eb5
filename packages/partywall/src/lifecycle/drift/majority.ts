/** What most tenants with the same history look like: the only thing to compare with where the migrations are not run to find out what they give. */
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { structureAlone } from '../structure/structure-alone.ts'

/** Tenants with the same fingerprint, and the structure of one of them. */
export interface LookAlikes {
  readonly count: number
  readonly blueprint: Blueprint
}

/**
 * The structure that more than half of the tenants have, and at least two of them; undefined when there is none.
 * @param others tenants that are in none of these groups
 */
export function majorityOf(
  groups: readonly LookAlikes[],
  boundaryRoles: readonly string[],
  others: number,
): Blueprint | undefined {
  const tallies = new Map<string, { count: number; readonly blueprint: Blueprint }>()
  for (const { count, blueprint } of groups) {
    const key = JSON.stringify(structureAlone(blueprint, boundaryRoles))
    const tally = tallies.get(key)
    if (tally === undefined) tallies.set(key, { count, blueprint })
    else tally.count += count
  }
  const all = groups.reduce((sum, { count }) => sum + count, others)
  return [...tallies.values()].find(({ count }) => count >= 2 && count * 2 > all)?.blueprint
}
