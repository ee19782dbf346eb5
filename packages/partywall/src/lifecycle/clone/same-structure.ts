/** Whether the clone has the structure of its source. It is asked before the commit, so a clone that came out otherwise is never seen. */
import type { BlueprintDifference } from '../../blueprint/blueprint-difference.ts'
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { compareBlueprints } from '../../blueprint/compare-blueprints.ts'
import { identifier } from '../../names/identifier.ts'

/** Sentences; none where the two are alike. */
export function differencesOf(source: Blueprint, clone: Blueprint, from: string, to: string): string[] {
  return compareBlueprints(source, clone)
    .filter((difference) => difference.property !== 'owner' && !isRewritten(difference, from, to))
    .map(({ sentence }) => sentence)
}

/**
 * A text that named the source names the clone: the body of a function, or the query of a view, where PostgreSQL prints the schema of a table that a
 * name of WITH hides.
 */
function isRewritten({ change, expected, actual }: BlueprintDifference, from: string, to: string): boolean {
  if (change !== 'changed' || typeof expected !== 'string' || typeof actual !== 'string') return false
  return withoutNames(expected, from, to) === withoutNames(actual, from, to)
}

/** Both names are taken out of both texts: a string in the body of a function keeps the name of the source. */
function withoutNames(text: string, ...schemas: readonly string[]): string {
  const names = schemas.flatMap((schema) => [identifier(schema), schema]).toSorted((a, b) => b.length - a.length)
  return names.reduce((left, name) => left.replaceAll(name.toLowerCase(), '\0'), text.toLowerCase())
}
