/**
 * Tries work on a tenant again while other transactions hold what it needs: a lock, or the server's room for locks. Each attempt waits for a short time only,
 * because statements of the tenant would wait behind it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { TenancyError } from '../../errors.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'

const firstPauseMs = 100
const longestPauseMs = 5000

/** How long a statement of a move waits for a lock. */
export const lockTimeoutMs = 2000

/** lock_not_available, deadlock_detected */
export const lockStates: ReadonlySet<string> = new Set(['55P03', '40P01'])
/** Also serialization_failure, and out_of_memory: the server's table of locks is full. */
export const passingStates: ReadonlySet<string> = new Set([...lockStates, '40001', '53200'])

export interface Trying {
  /** How often it is tried again, after growing pauses. */
  readonly retries: number
  /** Whether time may solve it. */
  mayPass(error: unknown): boolean
  /** The error instead, when it did not pass. */
  giveUp(error: unknown): unknown
  /** Ends a pause. */
  readonly signal?: AbortSignal | undefined
}

export async function tryPatiently<T>(attempt: () => Promise<T>, { retries, mayPass, giveUp, signal }: Trying): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!mayPass(error)) throw error
      if (tries >= retries) throw giveUp(error)
    }
    await sleep(Math.min(longestPauseMs, firstPauseMs * 2 ** tries) * (0.5 + Math.random() / 2), undefined, { signal })
  }
}

/**
 * A move of a tenant.
 * @param passing the SQLSTATEs of errors that time may solve
 * @throws TenancyError TENANT_LOCKED
 */
export function patiently<T>(schema: string, attempt: () => Promise<T>, passing = passingStates): Promise<T> {
  return tryPatiently(attempt, {
    retries: 4,
    mayPass: (error) => passing.has(sqlStateOf(error) ?? ''),
    giveUp: (error) => tenantLocked(schema, error),
  })
}

function tenantLocked(schema: string, cause: unknown): TenancyError {
  return new TenancyError(
    'TENANT_LOCKED',
    `The tenant ${JSON.stringify(schema)} was not changed: at every attempt another transaction held a lock that the change needs. A migration of the ` +
      'tenant may be running. Try again when it has ended.',
    { details: { schema }, cause },
  )
}
