/** A copy of a value, such as a blueprint. @param replace what takes the place of a property; undefined: the property itself */
export function replaceIn<T>(value: T, replace: (key: string, value: unknown) => unknown): T {
  if (Array.isArray(value)) return value.map((item) => replaceIn(item as unknown, replace)) as T
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]: [string, unknown]) => [
    key,
    replace(key, item) ?? replaceIn(item, replace),
  ])
  return Object.fromEntries(entries) as T
}
