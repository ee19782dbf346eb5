import { identifier } from '../names/identifier.ts'
import type { BlueprintDifference } from './blueprint-difference.ts'

/**
 * Whether two schemas differ only because a text names each of them: the body of a function, or the query of a view, where PostgreSQL prints the
 * schema of a table that a name of WITH hides. Both names are taken out of both texts, because a string in a copied body keeps the old one.
 */
export function isOwnNameAlone({ change, expected, actual }: BlueprintDifference, schemas: readonly string[]): boolean {
  if (change !== 'changed' || typeof expected !== 'string' || typeof actual !== 'string') return false
  const names = schemas.flatMap((schema) => [identifier(schema), schema]).toSorted((a, b) => b.length - a.length)
  const withoutNames = (text: string): string =>
    names.reduce((left, name) => left.replaceAll(name.toLowerCase(), '\0'), text.toLowerCase())
  return withoutNames(expected) === withoutNames(actual)
}
