/**
 * Knex on tenancy.pool, and with it Objection. Knex 3.3 is the first that takes a pool of others, and has two bad habits with it:
 * - it gives the connection of a stream back twice, the second time perhaps under the hands of who has it by then
 * - to cancel a query it opens a connection of its own, without settings: to whatever PostgreSQL it finds on this machine
 *
 * Not isolated: what `withSchema` names.
 */
import type { Knex, knex as makeKnex } from 'knex'
import type { Pool, PoolClient } from 'pg'
import { TenancyError } from '../errors.ts'
import type { TenancyLike } from '../ports/tenancy-like.ts'

export { knexMigrations, type KnexMigrationsOptions } from '../migrations/sources/tools/knex.ts'

/** Options of Knex that say where connections come from, and what to do instead. */
const refused = {
  connection: 'the connections are those of tenancy.pool; set "database" in the config of the tenancy',
  connectionPool: 'it is tenancy.pool already',
  pool: 'Knex has no pool of its own here; set "pool" in the config of the tenancy',
  searchPath: 'each statement carries the search path of its tenant; see "sharedSchema", "includeShared" and "extraSearchPath"',
} as const

export type TenantKnexConfig = Omit<Knex.Config, keyof typeof refused>

/**
 * A Knex whose statements are bound to their tenants. `knex.destroy()` leaves the pool alone; `tenancy.close()` ends it.
 * @example const db = tenantKnex(tenancy, knex)
 * @throws TenancyError INVALID_OPTION for an option that would do nothing, or a Knex before 3.3
 */
export function tenantKnex(tenancy: TenancyLike, knex: typeof makeKnex, config: TenantKnexConfig = {}): Knex {
  for (const [option, mend] of Object.entries(refused)) {
    if (option in config) throw refusal(option, `Leave the option ${JSON.stringify(option)} of Knex out: ${mend}.`)
  }
  const db = knex({ client: 'pg', ...config, connectionPool: checkoutsOf(tenancy.pool) })
  const client = db.client as KnexClientLike
  if (client.pool === undefined || client._ownsPool !== false) {
    throw refusal(
      'connectionPool',
      'This Knex does not use tenancy.pool: only Knex 3.3 and newer can. Upgrade it: npm install knex@^3.3.',
    )
  }
  client.cancelQuery = ({ processID }) => tenancy.sharedPool.query('select pg_cancel_backend($1)', [processID])
  return db
}

/** Gives Knex another object for each checkout, so that it cannot give back what it does not have any more. */
function checkoutsOf(pool: Pool): Knex.ConnectionPool {
  const connect = async (): Promise<KnexConnection> => new KnexConnection(await pool.connect())
  return { connect } as unknown as Knex.ConnectionPool
}

class KnexConnection {
  readonly #client: PoolClient
  #isReleased = false

  constructor(client: PoolClient) {
    this.#client = client
  }

  get processID(): number {
    return (this.#client as unknown as { processID: number }).processID
  }

  query(...args: [any, any?, any?]): unknown {
    return this.#client.query(...args)
  }

  release(destroys?: boolean): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#client.release(destroys)
  }
}

/** The slice of Knex's PostgreSQL client that is not in its types. Read in Knex 3.3. */
interface KnexClientLike {
  readonly pool?: unknown
  readonly _ownsPool?: boolean
  /** Ends the query that runs on this connection. */
  cancelQuery(connection: { readonly processID: number }): Promise<unknown>
}

function refusal(option: string, message: string): TenancyError {
  return new TenancyError('INVALID_OPTION', message, { details: { option } })
}
