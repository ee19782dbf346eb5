/**
 * What PostgreSQL's jsonb can hold and give back unchanged. JSON.stringify would drop a function, turn a Date into text and NaN
 * into null in silence; here that is a problem with a path.
 */

export interface JsonProblem {
  readonly path: readonly string[]
  readonly message: string
}

const maxDepth = 100

/** A deeply frozen copy that holds only JSON; properties that are undefined are left out. */
export function toJson(value: unknown, problems: JsonProblem[]): unknown {
  return copy(value, { problems, ancestors: new Set() }, [])
}

/** Freezes a value of JSON.parse, with all that it contains. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const item of Object.values(value)) deepFreeze(item)
  return Object.freeze(value)
}

interface Walk {
  readonly problems: JsonProblem[]
  /** The objects that contain the current one. An object that is found among them contains itself. */
  readonly ancestors: Set<unknown>
}

function copy(value: unknown, walk: Walk, path: readonly string[]): unknown {
  const problem = walk.ancestors.has(value) ? 'contains itself' : problemOf(value, path)
  if (problem !== undefined) {
    walk.problems.push({ path, message: problem })
    return null
  }
  if (typeof value !== 'object' || value === null) return value
  walk.ancestors.add(value)
  const copied = Array.isArray(value)
    ? Array.from(value, (item, index) => copy(item, walk, [...path, String(index)]))
    : copyObject(value, walk, path)
  walk.ancestors.delete(value)
  return Object.freeze(copied)
}

function copyObject(value: object, walk: Walk, path: readonly string[]): object {
  // fromEntries defines its properties, so that a key "__proto__" stays a key.
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      if (item === undefined) return []
      if (!isCleanText(key)) walk.problems.push({ path, message: 'a key holds a zero byte or half a character' })
      return [[key, copy(item, walk, [...path, key])]]
    }),
  )
}

function problemOf(value: unknown, path: readonly string[]): string | undefined {
  if (path.length > maxDepth) return `is nested deeper than ${maxDepth} levels`
  if (value === null || typeof value === 'boolean') return undefined
  if (typeof value === 'string') return isCleanText(value) ? undefined : 'holds a zero byte or half a character'
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'is not a finite number'
  if (typeof value !== 'object') return `is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which JSON cannot hold`
  if (Array.isArray(value)) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
  return isPlain ? undefined : `is a ${value.constructor?.name || 'class instance'}, which JSON would not give back`
}

/** PostgreSQL text holds no zero byte, and no half of a surrogate pair. */
function isCleanText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}
