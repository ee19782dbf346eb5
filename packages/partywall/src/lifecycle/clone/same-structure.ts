/** Whether the clone has the structure of its source. It is asked before the commit, so a clone that came out otherwise is never seen. */
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { compareBlueprints } from '../../blueprint/compare-blueprints.ts'
import { isOwnNameAlone } from '../../blueprint/own-name-difference.ts'

/** Sentences; none where the two are alike. */
export function differencesOf(source: Blueprint, clone: Blueprint, from: string, to: string): string[] {
  return compareBlueprints(source, clone)
    .filter((difference) => difference.property !== 'owner' && !isOwnNameAlone(difference, [from, to]))
    .map(({ sentence }) => sentence)
}
