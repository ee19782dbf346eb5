/** PostgreSQL says "permission denied for schema x" and no more; here the message says what to grant. */
import { TenancyError } from '../errors.ts'
import { sqlState, sqlStateOf } from './sqlstate.ts'

/**
 * The error to throw instead of `error`: when its reason is a missing privilege, one that says what was refused and how to fix it.
 * @param what what was attempted, e.g. `create the schema "acme"`
 */
export function explainPrivilege(error: unknown, what: string, fix: string): unknown {
  const isRefusal = !(error instanceof TenancyError) && sqlStateOf(error) === sqlState.insufficientPrivilege
  if (!isRefusal) return error
  return new TenancyError('NOT_PERMITTED', `The role of this connection may not ${what}: ${(error as Error).message}. ${fix}`, {
    cause: error,
  })
}
