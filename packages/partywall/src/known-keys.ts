/** Refuses unknown keys of an options object, and names the nearest known one: a misspelt key that is silently ignored costs hours. */
import { TenancyError } from './errors.ts'
import { nearest } from './nearest.ts'

/**
 * Passes an object that has no other keys than these.
 * @param what the thing as its user calls it, e.g. `tenants.create`
 * @param code INVALID_ARGUMENT for a call; INVALID_OPTION for what is part of the configuration
 * @throws TenancyError with the code
 */
export function assertKnownKeys(
  what: string,
  given: unknown,
  known: readonly string[],
  code: 'INVALID_ARGUMENT' | 'INVALID_OPTION' = 'INVALID_ARGUMENT',
): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TenancyError(code, `${what} takes an object with ${known.join(', ')}.`, { details: { what } })
  }
  const unknown = Object.keys(given).find((key) => !known.includes(key))
  if (unknown === undefined) return
  const shown = unknown.slice(0, 60)
  const suggestion = nearest(shown, known)
  throw new TenancyError(
    code,
    `${what} does not know ${JSON.stringify(shown)}. ` +
      (suggestion ? `Did you mean ${JSON.stringify(suggestion)}?` : `It knows: ${known.join(', ')}.`),
    { details: { what, option: shown, nearest: suggestion } },
  )
}
