/** node-postgres parses a connection string when it first connects, and of a bad one says no more than "Invalid URL". */
import { Client, type ClientConfig } from 'pg'
import { TenancyError } from '../errors.ts'

/**
 * Passes what node-postgres can read; the environment (PGHOST, …) fills what is missing. No I/O.
 * @throws TenancyError INVALID_OPTION, without the string, for it may hold a password
 */
export function assertConnectionString(database: ClientConfig | undefined): void {
  try {
    void new Client(database)
  } catch (cause) {
    throw new TenancyError(
      'INVALID_OPTION',
      'The option "database" is no connection string that node-postgres can read. Write postgres://user@host:5432/database, ' +
        'with the letters @ : / # ? and % of a password percent-encoded.',
      { details: { option: 'database' }, cause },
    )
  }
}
