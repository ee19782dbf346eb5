/** PostgreSQL says "permission denied for schema x" and leaves the reader alone; here the message says what to grant. */
import { TenancyError } from '../errors.ts'
import { sqlState, sqlStateOf } from './sqlstate.ts'

/**
 * The error to throw in the place of `error`: when a missing privilege is its reason, one that names what was refused and the mend.
 * @param what what was to be done, e.g. `make the schema "acme"`
 */
export function explainPrivilege(error: unknown, what: string, mend: string): unknown {
  const isRefusal = !(error instanceof TenancyError) && sqlStateOf(error) === sqlState.insufficientPrivilege
  if (!isRefusal) return error
  return new TenancyError('NOT_PERMITTED', `The role of this connection may not ${what}: ${(error as Error).message}. ${mend}`, {
    cause: error,
  })
}
