/** What a change of a tenant changes, by name alone: a value of an attribute may be a secret. */
import { isDeepStrictEqual } from 'node:util'

interface Changeable {
  readonly name: string
  readonly externalId?: string | undefined
  readonly attributes: object
  readonly expiresAt?: Date | undefined
}

/** E.g. `['name', 'attributes.plan']`; empty when nothing differs. */
export function changedNames(before: Changeable, after: Changeable): string[] {
  const [old, next] = [entries(before.attributes), entries(after.attributes)]
  const attributes = [...new Set([...old.keys(), ...next.keys()])].filter(
    (name) => old.has(name) !== next.has(name) || !isDeepStrictEqual(old.get(name), next.get(name)),
  )
  const others = (['name', 'externalId', 'expiresAt'] as const).filter((name) => !isDeepStrictEqual(before[name], after[name]))
  return [...others, ...attributes.toSorted().map((name) => `attributes.${name}`)]
}

function entries(attributes: object): Map<string, unknown> {
  return new Map(Object.entries(attributes))
}
