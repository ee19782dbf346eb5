/**
 * From what an attack got to its outcome. An error counts as held only when it is a refusal: a statement that failed for any other reason has proven nothing.
 */
import { tenancyErrorOf, type TenancyErrorCode } from '../../errors.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Outcome } from './attack.ts'
import type { ThrowAway } from './world.ts'

export const held = (by: string): Outcome => ({ state: 'held', by })
export const notHeld = (seen: string): Outcome => ({ state: 'not held', seen })
export const notRun = (reason: string): Outcome => ({ state: 'not run', reason })
export const notTried = (reason: string): Outcome => ({ state: 'not tried', reason })

/** SQLSTATEs with which PostgreSQL refuses, whatever the attack. */
const refusals: Readonly<Record<string, string>> = {
  '42501': 'PostgreSQL: permission denied',
  '2F003': 'PostgreSQL: only with a password',
}

/** With which partywall refuses what an attack does; every other error of partywall says that the attack was not carried out. */
const ownRefusals: ReadonlySet<TenancyErrorCode> = new Set([
  'UNSAFE_STATEMENT',
  'NEEDS_SESSION',
  'NO_TENANT',
  'WRONG_TENANT',
  'RELEASED_CLIENT',
  'SCHEMA_MISSING',
  'TENANT_CHANGED',
])

/**
 * PostgreSQL skips a schema of the search path that the role may not use, so a name is unknown then. It counts as held only where an attack says so,
 * because it also happens when a table of the attack is missing.
 */
export const unknownTable = ['42P01']

/** @param alsoHeld further SQLSTATEs that mean that the attack has failed */
export function refusedBy(error: unknown, alsoHeld: readonly string[] = []): Outcome {
  const refusal = tenancyErrorOf(error)
  if (refusal !== undefined && ownRefusals.has(refusal.code)) return held(`partywall: ${refusal.code}`)
  const state = sqlStateOf(error)
  if (state === undefined) return notTried(`it failed in another way: ${refusal?.code ?? nameOf(error)}`)
  if (refusals[state] !== undefined) return held(refusals[state])
  if (alsoHeld.includes(state)) return held(`PostgreSQL: error ${state}`)
  return notTried(`PostgreSQL refused it with ${state}, which says nothing about the boundary`)
}

/** Whether something of the victim is in rows, or in the texts of an error. */
export function shows(what: unknown, { secret, number, code }: ThrowAway): boolean {
  const text = what instanceof Error ? textsOf(what) : JSON.stringify(what)
  return [secret, number, code].some((part) => text.includes(part))
}

function textsOf(error: Error): string {
  return JSON.stringify([error.message, ...Object.values(error), error.cause instanceof Error ? textsOf(error.cause) : ''])
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
