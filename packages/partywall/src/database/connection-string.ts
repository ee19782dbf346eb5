/** node-postgres parses a connection string only when it connects, and of a malformed one it says no more than "Invalid URL". */
import pg, { type ClientConfig } from 'pg'
import { TenancyError } from '../errors.ts'

/**
 * Passes what node-postgres can parse; the environment (PGHOST, …) provides what is missing. Reads no more than the files of certificates
 * that the string names.
 * @throws TenancyError INVALID_OPTION, without the string, because it may contain a password
 */
export function assertConnectionString(database: ClientConfig | undefined): void {
  try {
    void new pg.Client(database)
  } catch (cause) {
    throw new TenancyError(
      'INVALID_OPTION',
      'The option "database" is no connection string that node-postgres can read. Write postgres://user@host:5432/database, ' +
        'with the letters @ : / # ? and % of a password percent-encoded.',
      { details: { option: 'database' }, cause: withoutInput(cause) },
    )
  }
}

/** The error of `new URL` has the whole string as a property. */
function withoutInput(cause: unknown): unknown {
  return cause instanceof Error && 'input' in cause ? new TypeError(cause.message) : cause
}
