/**
 * Tries a move of a tenant again while other transactions hold what it needs: a lock, or the server's room for locks. It waits for a short time only,
 * because statements of the tenant would wait behind it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { TenancyError } from '../../errors.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'

const mostTries = 5
const firstPauseMs = 100

/** How long a statement of a move waits for a lock. */
export const lockTimeoutMs = 2000

/** lock_not_available, deadlock_detected */
export const lockStates: ReadonlySet<string> = new Set(['55P03', '40P01'])
/** Also out_of_memory: the server's table of locks is full. */
const passingStates: ReadonlySet<string> = new Set([...lockStates, '53200'])

/**
 * @param passing the SQLSTATEs of errors that time may solve
 * @throws TenancyError TENANT_LOCKED
 */
export async function patiently<T>(schema: string, attempt: () => Promise<T>, passing = passingStates): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!passing.has(sqlStateOf(error) ?? '')) throw error
      if (tries === mostTries) throw tenantLocked(schema, error)
    }
    await sleep(firstPauseMs * 2 ** tries * (0.5 + Math.random() / 2))
  }
}

function tenantLocked(schema: string, cause: unknown): TenancyError {
  return new TenancyError(
    'TENANT_LOCKED',
    `The tenant ${JSON.stringify(schema)} was not changed: at every attempt another transaction held a lock that the change needs. A migration of the ` +
      'tenant may be running. Try again when it has ended.',
    { details: { schema }, cause },
  )
}
