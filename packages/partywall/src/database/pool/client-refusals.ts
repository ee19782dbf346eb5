/** What a client refuses, whatever the tenant. */
import { TenancyError } from '../../errors.ts'

export function madeWithoutPool(): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    'A TenantClient can only be made by a TenantPool. Use tenancy.pool instead of a client of your own.',
  )
}

export function pipelineRefused(): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    'The option "pipeline" of node-postgres is refused: a statement is bound by the state of its transaction, which is not known ' +
      'before the statements in front of it are answered. Remove it.',
    { details: { option: 'database.pipeline' } },
  )
}

export function usedAfterRelease(): TenancyError {
  return new TenancyError(
    'RELEASED_CLIENT',
    'A client was used after it was released: its connection is in the pool, or another caller has it. Check one out with ' +
      'tenancy.pool.connect(), and do not use it after client.release().',
  )
}

/** The second sentence is that of pg-pool. */
export function releasedTwice(): TenancyError {
  return new TenancyError(
    'RELEASED_CLIENT',
    'A client was released a second time; nothing was done. Release called on client which has already been released to the pool. ' +
      'Call client.release() once, in a finally block.',
  )
}

/** For a client that a listener of the pool has kept. */
export function notCheckedOut(): TenancyError {
  return new TenancyError(
    'RELEASED_CLIENT',
    'A client that an event of the pool gave to a listener was used after the listener was done. It prepares a new connection in a listener ' +
      'of "connect", whose promise is awaited, and nowhere else. Check a client out with tenancy.pool.connect().',
  )
}

export function leavesOnForeignPool(leaves: string): TenancyError {
  return new TenancyError(
    'UNSAFE_STATEMENT',
    `The statement leaves ${leaves} on a connection that partywall does not pool, so the next tenant would find it. ` +
      'Use set local or set_config(…, true) in a transaction, or tenancy.pool.',
    { details: { leaves } },
  )
}
