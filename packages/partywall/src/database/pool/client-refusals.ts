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
    'A client was used after it was released: it is in the pool, or another caller has it. Check one out with ' +
      'tenancy.pool.connect(), and do not use it after client.release().',
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
