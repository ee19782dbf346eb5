/**
 * Arguments as text for a key, without collisions: two lists have the same text only if they hold the same values of the same types. `1` and `'1'` differ, `NaN` is
 * itself, and the order in which an object got its keys does not matter. What has no such text is refused: a key that stands for two things answers one
 * with the other.
 */
import { createHash } from 'node:crypto'
import { TenancyError } from '../errors.ts'
import { seen } from '../seen.ts'

const longest = 200

/** Longer ones are a hash, so that no key grows with its arguments. @throws TenancyError INVALID_ARGUMENT */
export function argumentText(what: string, args: readonly unknown[]): string {
  const text = textOf(what, args, [])
  return text.length <= longest ? text : `sha256:${createHash('sha256').update(text).digest('base64url')}`
}

function textOf(what: string, value: unknown, within: readonly object[]): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'object':
      return value === null ? 'null' : objectText(what, value, within)
    default:
      throw noText(what, `a ${typeof value}`)
  }
}

function objectText(what: string, value: object, outer: readonly object[]): string {
  if (outer.includes(value)) throw noText(what, 'an object that holds itself')
  const within = [...outer, value]
  const list = (values: Iterable<unknown>): string => Array.from(values, (each) => textOf(what, each, within)).join(',')
  if (Array.isArray(value)) {
    if (Object.keys(value).length !== value.length) throw noText(what, 'an array with gaps or with properties of its own')
    return `[${list(value)}]`
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Date.prototype) return `Date(${(value as Date).getTime()})`
  if (prototype === Map.prototype) return `Map(${list(value as Map<unknown, unknown>)})`
  if (prototype === Set.prototype) return `Set(${list(value as Set<unknown>)})`
  if (prototype === URL.prototype) return `URL(${JSON.stringify((value as URL).href)})`
  if (prototype === Buffer.prototype || prototype === Uint8Array.prototype) {
    return `Bytes(${Buffer.from(value as Uint8Array).toString('base64')})`
  }
  if (prototype !== Object.prototype && prototype !== null) {
    throw noText(what, `an object of the class ${JSON.stringify((prototype as object).constructor?.name ?? 'unknown')}`)
  }
  if (Object.getOwnPropertySymbols(value).length > 0) throw noText(what, 'an object with symbols')
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${textOf(what, each, within)}`).join(',')}}`
}

function noText(what: string, problem: string): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    `${what} got ${problem} as an argument, or inside one. It has no text that stands for it alone, so it cannot be part of a key. Pass plain values, or ` +
      'give the option "key", which makes some of the arguments.',
    { details: { what, option: 'args' } },
  )
}

/** @throws TenancyError INVALID_ARGUMENT */
export function checkedKey(what: string, key: unknown): string {
  if (typeof key === 'string' && key !== '' && key.length <= 1024) return key
  const problem = typeof key === 'string' && key !== '' ? `${key.length} characters` : seen(key)
  throw new TenancyError('INVALID_ARGUMENT', `${what} takes a key: text of 1 to 1024 characters. It got ${problem}.`, {
    details: { what, option: 'key' },
  })
}
