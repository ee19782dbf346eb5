/** Whether the clone has the structure of its source. It is asked before the commit, so a clone that came out otherwise is never seen. */
import type { BlueprintDifference } from '../../blueprint/blueprint-difference.ts'
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { compareBlueprints } from '../../blueprint/compare-blueprints.ts'

/** Sentences; none where the two are alike. */
export function differencesOf(source: Blueprint, clone: Blueprint, from: string, to: string): string[] {
  return compareBlueprints(source, clone)
    .filter((difference) => difference.property !== 'owner' && !isRewritten(difference, from, to))
    .map(({ sentence }) => sentence)
}

/** A body, or the search path of a function, that named the source names the clone. */
function isRewritten({ change, property, expected, actual }: BlueprintDifference, from: string, to: string): boolean {
  if (change !== 'changed' || (property !== 'source' && property !== 'parsedBody')) return false
  return typeof expected === 'string' && typeof actual === 'string' && expected.includes(from) && actual.includes(to)
}
