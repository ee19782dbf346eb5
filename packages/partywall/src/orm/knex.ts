/**
 * partywall/knex, for Knex 3.3 and newer, and with it Objection. `tenantKnex` makes one Knex that serves every tenant.
 *
 * Knex 3.3 is the first version that accepts a foreign pool, and it has two faults with one, which the adapter corrects:
 * - it gives the connection of a stream back twice, the second time perhaps while another caller holds it
 * - to cancel a query it opens a connection of its own, without settings: to whatever PostgreSQL it finds on this machine
 *
 * Not isolated by it: schemas that `withSchema` names.
 */
import '../node-version.ts'
import type { Knex, knex as makeKnex } from 'knex'
import type { Pool, PoolClient } from 'pg'
import { TenancyError } from '../errors.ts'
import type { OrmTenancy } from '../ports/tenancy-like.ts'
import { assertNoneRefused } from './shared/refused-options.ts'

export { knexMigrations, type KnexMigrationsOptions } from '../migrations/sources/tools/knex.ts'
export type { OrmTenancy } from '../ports/tenancy-like.ts'

/** The options of Knex, without what the tenancy decides. */
export type TenantKnexOptions = Omit<Knex.Config, keyof typeof refused>

/**
 * A Knex on `tenancy.pool`. Make one for the whole app; `destroy()` leaves the pool open.
 * @example
 * const db = tenantKnex(tenancy, knex)
 * await tenancy.run('acme', () => db('projects').select())
 * @throws TenancyError INVALID_OPTION, also for a Knex before 3.3
 */
export function tenantKnex(tenancy: OrmTenancy, knex: typeof makeKnex, options: TenantKnexOptions = {}): Knex {
  assertNoneRefused('tenantKnex', options, refused)
  const db = knex({ client: 'pg', ...options, connectionPool: checkoutsOf(tenancy.pool) })
  const client = db.client as KnexClientLike
  if (client.pool === undefined || client._ownsPool !== false) {
    throw new TenancyError(
      'INVALID_OPTION',
      'This Knex does not use tenancy.pool, so its statements would carry no tenant: only Knex 3.3 and newer accepts a foreign pool. ' +
        'Upgrade it: npm install knex@^3.3.',
      { details: { option: 'connectionPool' } },
    )
  }
  client.cancelQuery = ({ processID }) => tenancy.sharedPool.query('select pg_cancel_backend($1)', [processID])
  return db
}

/** Gives Knex another object for each checkout, so that it cannot give back a connection that it no longer has. */
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

const refused = {
  connection: 'The connections are those of tenancy.pool; set "database" in partywall.config.ts.',
  connectionPool: 'The pool is tenancy.pool already.',
  pool: 'Knex has no pool of its own here; set "pool" in partywall.config.ts.',
  searchPath:
    'Each statement carries the search path of its tenant; set "sharedSchema", "includeShared" and "extraSearchPath" in partywall.config.ts.',
} as const
