/** How patiently an adoption or a release waits for other transactions. */
import { TenancyError } from '../../errors.ts'
import { assertWholeNumber, type NumberRange } from '../../whole-number.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Database, Transaction } from '../../ports/database.ts'
import { passingStates, tryPatiently } from '../states/patiently.ts'
import { explained, lockedOut, type AdoptCall } from './adopt-errors.ts'
import { lockTimeoutSql } from './move-sql.ts'

export interface Patience {
  /** How long a statement waits for a lock, in milliseconds. 1 to 2147483647. @default 2000 */
  readonly lockTimeoutMs?: number | undefined
  /** How often it is tried again, after growing pauses of up to 5 seconds. 0 or more. @default 5 */
  readonly retries?: number | undefined
}

export const patienceKeys = ['lockTimeoutMs', 'retries'] as const satisfies readonly (keyof Patience)[]

const defaults = { lockTimeoutMs: 2000, retries: 5 }
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

/** A look at what is there, which waits no longer than the work itself: the size of a table waits for a transaction that has locked it. */
export function lookPatiently<T>(
  call: AdoptCall,
  { schema, lockTimeoutMs, retries }: { readonly schema: string } & Required<{ [K in keyof Patience]: number }>,
  deploy: Pick<Database, 'transaction'>,
  look: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  return patiently(call, schema, retries, () => lookOnce(deploy, lockTimeoutMs, look))
}

/** One attempt of it. */
export function lookOnce<T>(
  deploy: Pick<Database, 'transaction'>,
  lockTimeoutMs: number,
  look: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  return deploy.transaction(async (transaction) => {
    await transaction.query(lockTimeoutSql(lockTimeoutMs))
    return look(transaction)
  })
}

/** @throws TenancyError ADOPTION_REFUSED when the locks are never free */
export async function patiently<T>(call: AdoptCall, schema: string, retries: number, attempt: () => Promise<T>): Promise<T> {
  try {
    return await tryPatiently(attempt, { retries, mayPass, giveUp: (error) => lockedOut(call, schema, error) })
  } catch (error) {
    throw explained(error, call, schema)
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof PlanChanged) return true
  const state = error instanceof TenancyError ? undefined : sqlStateOf(error)
  return state !== undefined && (passingStates.has(state) || moved.has(state))
}
