/**
 * The settings as an application gets them: frozen, and without their secrets in a log. A secret is an ordinary property for code that reads it;
 * `console.log` and `JSON.stringify` of a group that holds it show `***`.
 */
import { inspect, type InspectOptions } from 'node:util'
import { hidden, secrecyOf } from './secret-keys.ts'
import { isGroup, type Tree } from './setting-keys.ts'

/** A copy of the output of the schema, because an application may hold parts of it. What is no JSON, such as a Date, stays as it is. */
export function frozenSettings(output: object, secrets: readonly string[]): Readonly<Tree> {
  return copy(output, [], secrets) as Readonly<Tree>
}

function copy(value: unknown, names: readonly string[], secrets: readonly string[]): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map((item) => copy(item, names, secrets)))
  if (!isGroup(value)) return value
  const group = Object.fromEntries(Object.entries(value).map(([name, item]) => [name, copy(item, [...names, name], secrets)]))
  if (secrecyOf(names, secrets) !== 'plain') hideIn(group, names, secrets)
  return Object.freeze(group)
}

/** The functions are not enumerable, so that copies, comparisons and `structuredClone` do not see them. */
function hideIn(group: Record<string, unknown>, names: readonly string[], secrets: readonly string[]): void {
  const shown = (): unknown => withoutSecrets(group, names, secrets)
  Object.defineProperties(group, {
    toJSON: { value: shown },
    [inspect.custom]: { value: (_depth: number, options: InspectOptions) => inspect(shown(), options) },
  })
}

/** The same with `***` in place of each secret. */
function withoutSecrets(value: unknown, names: readonly string[], secrets: readonly string[]): unknown {
  const secrecy = secrecyOf(names, secrets)
  if (secrecy === 'plain' || value === undefined) return value
  if (secrecy === 'secret' || !isGroup(value)) return hidden
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutSecrets(item, [...names, name], secrets)]))
}
