/** What differs between a tenant and what its migrations give, without what no migration decides. */
import type { BlueprintDifference } from '../../blueprint/blueprint-difference.ts'
import type { Blueprint } from '../../blueprint/blueprint.ts'
import { compareBlueprints } from '../../blueprint/compare-blueprints.ts'
import { identifier } from '../../names/identifier.ts'
import { structureAlone } from './structure-alone.ts'

/** Stands in an expected structure where a text has the name of the schema: in the body of a function that was put together with it. */
export const schemaMark = '{the schema of the tenant}'

/** @param boundaryRoles as PostgreSQL quotes them */
export function differencesOf(
  expected: Blueprint,
  actual: Blueprint,
  schema: string,
  boundaryRoles: readonly string[],
): readonly BlueprintDifference[] {
  return differencesAlone(structureAlone(expected, boundaryRoles), structureAlone(actual, boundaryRoles), schema)
}

/** The same of what `structureAlone` gives. */
export function differencesAlone(expected: Blueprint, actual: Blueprint, schema: string): readonly BlueprintDifference[] {
  const differences = compareBlueprints(expected, actual)
  return differences.filter((difference) => !isFilled(difference) && !isOwnName(difference, schema))
}

/** Rows are no structure: a materialized view that was made without them is filled later. One that lost them cannot be read. */
function isFilled({ property, actual }: BlueprintDifference): boolean {
  return property === 'populated' && actual === true
}

function isOwnName({ change, expected, actual }: BlueprintDifference, schema: string): boolean {
  if (change !== 'changed' || typeof expected !== 'string' || !expected.includes(schemaMark)) return false
  return [schema, identifier(schema)].some((name) => expected.replaceAll(schemaMark, () => name) === actual)
}
