/** A Knex whose only connection is that of a migration; MikroORM 5 and 6 query through one, too. */
import type { Knex } from 'knex'
import type { MigrationClient } from '../../../ports/migration-source.ts'
import { borrowConnection, type BorrowedConnection } from './borrowed-connection.ts'

/** What is the same for every schema of one server. */
export interface KnownServer {
  version?: string
}

/** @param known gets the version of the server: Knex queries it on each new connection, and once is enough */
export async function borrowingKnex(
  makeKnex: (config: Knex.Config) => Knex,
  client: MigrationClient,
  isInTransaction: boolean,
  known: KnownServer,
): Promise<Knex> {
  const db = makeKnex({ client: 'pg' })
  const knexClient = db.client as KnexClientLike
  const connection = Object.assign(borrowConnection(client, isInTransaction), { __knexUid: 'partywall' })
  // Without the address of a server Knex has made no pool. Only Knex 3.3 and newer has an option for a foreign one.
  knexClient.pool = poolForKnex(connection)
  knexClient.version = known.version ??= await knexClient.checkVersion(connection)
  return db
}

/** The slice of Knex's PostgreSQL client that is not in its types. Read in Knex 0.21, 2.5, 3.1 and 3.3. */
interface KnexClientLike {
  pool?: object
  version?: string
  checkVersion(connection: BorrowedConnection): Promise<string>
}

function poolForKnex(connection: BorrowedConnection): object {
  return { acquire: () => ({ promise: Promise.resolve(connection) }), release: () => true, destroy: async () => {} }
}
