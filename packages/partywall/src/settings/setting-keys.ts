/**
 * Settings as a tree, and as rows. A row is one value with the names on the way to it, `smtp.host`. Objects are groups of settings; everything else, lists
 * included, is one value.
 */
import { TenancyError } from '../errors.ts'
import { seen } from '../seen.ts'

export type Tree = Readonly<Record<string, unknown>>

const mostKeyBytes = 500

/** Whether a value is a group of settings: an object that JSON could give back. */
export function isGroup(value: unknown): value is Tree {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Key by key; a value takes the place of a group, and a group that of a value. Neither tree is changed. */
export function mergeTrees(base: Tree, over: Tree): Tree {
  const merged: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(over)) {
    const below = Object.hasOwn(base, name) ? base[name] : undefined
    merged[name] = isGroup(value) && isGroup(below) ? mergeTrees(below, value) : value
  }
  return merged
}

/** The values with their keys, sorted. An empty group is a value: without it, the way to it would be lost. */
export function leavesOf(tree: Tree): Map<string, unknown> {
  return new Map([...walk(tree, '')].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function* walk(tree: Tree, before: string): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(tree)) {
    if (isGroup(value) && Object.keys(value).length > 0) yield* walk(value, `${before}${name}.`)
    else yield [before + name, value]
  }
}

export function treeOf(leaves: Iterable<readonly [key: string, value: unknown]>): Tree {
  const root: Record<string, unknown> = {}
  for (const [key, value] of leaves) {
    const names = key.split('.')
    const last = names.pop()!
    let at = root
    for (const name of names) {
      const next = Object.hasOwn(at, name) ? at[name] : undefined
      at = (isGroup(next) ? next : (at[name] = {})) as Record<string, unknown>
    }
    at[last] = value
  }
  return root
}

/** Whether a key is this one, or in the group of this name. */
export function isAtOrBelow(key: string, name: string): boolean {
  return key === name || key.startsWith(`${name}.`)
}

/**
 * Passes a name of settings that can be stored.
 * @throws TenancyError INVALID_ARGUMENT
 */
export function assertKey(what: string, key: unknown): asserts key is string {
  const isKey =
    typeof key === 'string' &&
    Buffer.byteLength(key) <= mostKeyBytes &&
    key.isWellFormed() &&
    !/\p{Cc}/u.test(key) &&
    key.split('.').every((name) => name !== '' && name !== '*' && name !== '__proto__')
  if (isKey) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `${what} takes keys such as smtp.host: names with a dot between them, up to ${mostKeyBytes} bytes, without control characters. This is ${seen(key, 'quoted')}.`,
    { details: { what, option: 'key' } },
  )
}

/**
 * Passes a tree whose keys can be stored: a name with a dot would be read as two.
 * @throws TenancyError with the code
 */
export function assertStorable(what: string, tree: Tree, code: 'INVALID_ARGUMENT' | 'INVALID_OPTION'): void {
  const names = new Set(namesIn(tree))
  const wrong = [...names].find((name) => name.includes('.'))
  if (wrong !== undefined) {
    throw new TenancyError(
      code,
      `${what} has the name ${seen(wrong, 'quoted')}, with a dot: a dot divides the names of groups. Nest objects, or make it a value in a list.`,
      { details: { what, option: wrong.slice(0, 60) } },
    )
  }
  for (const key of leavesOf(tree).keys()) {
    try {
      assertKey(what, key)
    } catch (error) {
      if (code === 'INVALID_ARGUMENT') throw error
      throw new TenancyError(code, `${what} has a key that cannot be stored: ${seen(key, 'quoted')}.`, { details: { what } })
    }
  }
}

function* namesIn(tree: Tree): Generator<string> {
  for (const [name, value] of Object.entries(tree)) {
    yield name
    if (isGroup(value)) yield* namesIn(value)
  }
}
