/**
 * Finds an error inside the errors that libraries put around it. Each ORM has a property of its own for the error that it met, so the
 * search does not depend on names alone: it also follows every own property that holds an error.
 */

/**
 * The first object that `wanted` returns: for the error itself, else for the one that is nearest to it. Circles and long chains end the
 * search. An error that collects several (AggregateError) counts only if each of them leads to a wanted one; among them may be a
 * failure that a caller must see.
 */
export function innerError(error: unknown, wanted: Wanted): object | undefined {
  return search([error], wanted, new Set())
}

type Wanted = (error: object) => object | undefined

/** Level by level, so that the nearest error is found first. */
function search(from: readonly unknown[], wanted: Wanted, visited: Set<object>): object | undefined {
  for (let level = from; level.length > 0;) {
    const next: unknown[] = []
    for (const error of level) {
      if (typeof error !== 'object' || error === null || Array.isArray(error)) continue
      if (visited.has(error) || visited.size >= mostErrors) continue
      visited.add(error)
      const found = wanted(error) ?? commonTo(read(error, 'errors'), wanted, visited)
      if (found !== undefined) return found
      next.push(...heldBy(error))
    }
    level = next
  }
  return undefined
}

/** What the first of several errors leads to, if each of them leads to a wanted one. */
function commonTo(collected: unknown, wanted: Wanted, visited: ReadonlySet<object>): object | undefined {
  if (!Array.isArray(collected)) return undefined
  const all = collected.map((one: unknown) => search([one], wanted, new Set(visited)))
  return all.includes(undefined) ? undefined : all[0]
}

/** What an error holds under a known name, or under any name if it is an error itself. */
function heldBy(error: object): unknown[] {
  const named = names.map((name) => read(error, name))
  const others = Object.getOwnPropertyNames(error).map((name) => read(error, name))
  return [...named, ...others.filter((value) => value instanceof Error)]
}

/** A property, or undefined where a getter throws. */
export function read(object: object, name: string): unknown {
  try {
    return (object as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}

const mostErrors = 100

/** Names that may hold an error of another realm, which is no `instanceof Error`, or an object that holds one (`meta` of Prisma). */
const names = [
  'cause',
  'driverError',
  'original',
  'parent',
  'previous',
  'nativeError',
  'meta',
  'driverAdapterError',
  'error',
  'suppressed',
] as const
