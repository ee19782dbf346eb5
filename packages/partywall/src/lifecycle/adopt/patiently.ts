/**
 * Tries again while other transactions hold what is needed. Each attempt waits for a short time only: statements of the application wait behind it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { TenancyError } from '../../errors.ts'
import { assertWholeNumber, type NumberRange } from '../../whole-number.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import { explained, lockedOut, type AdoptCall } from './adopt-errors.ts'

export interface Patience {
  /** How long a statement waits for a lock, in milliseconds. 1 to 2147483647. @default 2000 */
  readonly lockTimeoutMs?: number | undefined
  /** How often it is tried again, after growing pauses of up to 5 seconds. 0 or more. @default 5 */
  readonly retries?: number | undefined
}

export const patienceKeys = ['lockTimeoutMs', 'retries'] as const satisfies readonly (keyof Patience)[]

const defaults = { lockTimeoutMs: 2000, retries: 5 }
const firstPauseMs = 100
const longestPauseMs = 5000
/** lock_not_available, deadlock_detected, serialization_failure, out_of_memory (the table of locks is full) */
const passing = new Set(['55P03', '40P01', '40001', '53200'])
/** undefined_table, undefined_object, undefined_function: another process has moved what was planned. */
const moved = new Set(['42P01', '42704', '42883'])

/** The objects are not those of the plan any more. */
export class PlanChanged extends Error {}

/** @throws TenancyError INVALID_ARGUMENT */
export function patienceOf(
  call: string,
  { lockTimeoutMs = defaults.lockTimeoutMs, retries = defaults.retries }: Patience,
): Required<{ [K in keyof Patience]: number }> {
  const check = (name: keyof Patience, value: number, range: NumberRange): void =>
    assertWholeNumber('INVALID_ARGUMENT', `"${name}" of ${call}`, name, value, range)
  check('lockTimeoutMs', lockTimeoutMs, { least: 1, most: 2_147_483_647 })
  check('retries', retries, { least: 0 })
  return { lockTimeoutMs, retries }
}

/** @throws TenancyError ADOPTION_REFUSED when the locks are never free */
export async function patiently<T>(call: AdoptCall, schema: string, retries: number, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!mayPass(error)) throw explained(error, call, schema)
      if (tries >= retries) throw lockedOut(call, schema, error)
    }
    await sleep(Math.min(longestPauseMs, firstPauseMs * 2 ** tries) * (0.5 + Math.random() / 2))
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof PlanChanged) return true
  const state = error instanceof TenancyError ? undefined : sqlStateOf(error)
  return state !== undefined && (passing.has(state) || moved.has(state))
}
