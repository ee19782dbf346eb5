/** Whether what was given is an object of BullMQ with the parts that the adapter uses. */
import { TenancyError } from '../../errors.ts'
import { seen } from '../../seen.ts'
import { unusableVersion, warnIfUntested } from '../../tested-versions.ts'

/** @param needed methods; the first of them tells what the object is @throws TenancyError INVALID_OPTION */
export function assertUsable(what: string, expected: string, given: unknown, needed: readonly [string, ...string[]]): void {
  const has = (name: string): boolean => typeof (given as Record<string, unknown> | null | undefined)?.[name] === 'function'
  if (!has(needed[0]))
    throw new TenancyError('INVALID_OPTION', `${what} takes ${expected} as its second argument; it got ${seen(given)}.`, {
      details: { what, option: expected, seen: seen(given) },
    })
  const missing = needed.find((name) => !has(name))
  if (missing !== undefined) throw unusableVersion('bullmq', `has no "${missing}", which the adapter uses.`)
  warnIfUntested('bullmq')
}
