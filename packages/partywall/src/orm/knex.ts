/**
 * partywall/knex, for Knex 3, and with it Objection. `tenantKnex` makes one Knex that serves every tenant.
 *
 * Knex has a pool of its own, which opens connections. Without the address of a server Knex makes none, and the adapter puts tenancy.pool in
 * that place. It keeps Knex from two more faults:
 * - Knex gives the connection of a stream back twice, the second time perhaps while another caller holds it
 * - to cancel a query it opens a connection of its own, without settings: to whatever PostgreSQL it finds on this machine
 *
 * Not isolated by it: schemas that `withSchema` names.
 */
import '../node-version.ts'
import type { Knex, knex as makeKnex } from 'knex'
import type { Client, Pool, PoolClient } from 'pg'
import type { OrmTenancy } from '../ports/tenancy-like.ts'
import { unusableVersion, warnIfUntested } from '../tested-versions.ts'
import { assertNoneRefused } from './shared/refused-options.ts'

export { knexMigrations, type KnexMigrationsOptions } from '../migrations/sources/tools/knex.ts'
export type {
  FilesOptions,
  ListedMigrations,
  MigrationFolders,
  MigrationModule,
} from '../migrations/sources/tools/given-migrations.ts'
export type { OrmTenancy } from '../ports/tenancy-like.ts'

/** The options of Knex, without what the tenancy decides. */
export type TenantKnexOptions = Omit<Knex.Config, keyof typeof refused>

/**
 * A Knex on `tenancy.pool`. Make one for the whole app; `destroy()` leaves the pool open.
 * @example
 * const db = tenantKnex(tenancy, knex)
 * await tenancy.run('acme', () => db('projects').select())
 * @throws TenancyError INVALID_OPTION, also for a Knex that has made a pool of its own
 */
export function tenantKnex(tenancy: OrmTenancy, knex: typeof makeKnex, options: TenantKnexOptions = {}): Knex {
  assertNoneRefused('tenantKnex', options, refused)
  const db = knex({ client: 'pg', ...options })
  const client = db.client as KnexClientLike
  if (client.pool !== undefined) {
    throw unusableVersion('knex', 'has made a pool of its own, so its statements would carry no tenant.')
  }
  warnIfUntested('knex')
  client.pool = new PoolForKnex(tenancy.pool, client)
  client.cancelQuery = ({ processID }) => cancelOn(tenancy.pool, processID)
  return db
}

/** On a connection of its own: all of the pool may be busy, and a tenant may not cancel what other sessions run. */
async function cancelOn(pool: Pool, processID: number): Promise<void> {
  const client = new (pool as unknown as { Client: new (options: object) => Client }).Client(pool.options)
  await client.connect()
  try {
    await client.query('select pg_cancel_backend($1)', [processID])
  } finally {
    await client.end()
  }
}

/** Stands in for the pool of tarn that Knex makes from the address of a server. */
class PoolForKnex {
  readonly #pool: Pool
  readonly #client: KnexClientLike
  #count = 0

  constructor(pool: Pool, client: KnexClientLike) {
    this.#pool = pool
    this.#client = client
  }

  acquire(): { readonly promise: Promise<KnexConnection> } {
    return { promise: this.#connect() }
  }

  release(connection: KnexConnection): boolean {
    return connection.release()
  }

  /** Ends nothing: `tenancy.close()` does. */
  async destroy(): Promise<void> {}

  /** Another object for each checkout, so that Knex cannot give back a connection that it no longer has. */
  async #connect(): Promise<KnexConnection> {
    const connection = new KnexConnection(await this.#pool.connect(), `tenancy.pool ${(this.#count += 1)}`)
    // Knex writes other SQL for old servers. Without the version it writes that for new ones.
    this.#client.version ??= await this.#client.checkVersion(connection).catch(() => undefined)
    return connection
  }
}

class KnexConnection {
  readonly __knexUid: string
  /** Knex sets it when the connection was lost. */
  __knex__disposed?: unknown
  readonly #client: PoolClient
  #isReleased = false

  constructor(client: PoolClient, uid: string) {
    this.#client = client
    this.__knexUid = uid
  }

  get processID(): number {
    return (this.#client as unknown as { processID: number }).processID
  }

  query(...args: [any, any?, any?]): unknown {
    return this.#client.query(...args)
  }

  release(): boolean {
    if (this.#isReleased) return false
    this.#isReleased = true
    this.#client.release(this.__knex__disposed !== undefined)
    return true
  }
}

/** The slice of Knex's PostgreSQL client that is not in its types. Read in Knex 3.1 and 3.3. */
interface KnexClientLike {
  pool?: unknown
  version?: string | undefined
  checkVersion(connection: KnexConnection): Promise<string>
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
