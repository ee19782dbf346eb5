/**
 * partywall/slonik, for slonik 49. `tenantSlonik` makes one pool of slonik's that serves every tenant.
 *
 * slonik has a pool and a driver of its own. It is given a driver whose connections are none: each borrows a client of `tenancy.pool` from
 * its first query to its release. How many connections there are, and who waits, is decided by `tenancy.pool`.
 *
 * Not isolated by it: answers that an interceptor keeps, and loaders that collect queries of several callers.
 */
import { createPool, type ClientConfigurationInput, type DatabasePool } from 'slonik'
import { TenancyError } from '../../errors.ts'
import type { TenancyLike } from '../../ports/tenancy-like.ts'
import { borrowingDriver, type QueryStreamLike } from './borrowing-driver.ts'

/** The configuration of slonik, without what the tenancy decides. */
export type TenantSlonikOptions = Omit<ClientConfigurationInput, keyof typeof refusals> & {
  /** The class of pg-query-stream, for `pool.stream()`. @default none: streams are refused */
  readonly QueryStream?: QueryStreamLike
}

/**
 * A pool of slonik's on `tenancy.pool`. Make one for the whole app; `pool.end()` leaves the tenancy's open. Costs one query, for the
 * numbers of the types in `typeParsers`.
 * @example
 * const pool = await tenantSlonik(tenancy)
 * await tenancy.run('acme', () => pool.any(sql.unsafe`select * from projects`))
 * @throws TenancyError INVALID_OPTION
 */
export async function tenantSlonik(tenancy: TenancyLike, options: TenantSlonikOptions = {}): Promise<DatabasePool> {
  for (const [key, reason] of Object.entries(refusals)) {
    if ((options as Record<string, unknown>)[key] === undefined) continue
    throw new TenancyError('INVALID_OPTION', `tenantSlonik refuses "${key}". ${reason}`, { details: { option: key } })
  }
  const { QueryStream, ...configuration } = options
  // slonik wants the place of a server. Its own driver would go there; ours does not.
  return createPool('postgres://tenancy.pool', {
    ...configuration,
    driverFactory: borrowingDriver(tenancy, QueryStream),
    // The waiting line is that of tenancy.pool, where each tenant has its share.
    maxPoolSize: Number.MAX_SAFE_INTEGER,
    // A connection that was given back is nobody's: there is nothing to reset, and DISCARD ALL would ask for a tenant.
    resetConnection: async () => {},
  })
}

const theTenancys = 'The database, its connections and their number are those of the tenancy: say it in partywall.config.ts.'

/** Options that would lead around the tenancy or do nothing, and what to do instead. */
const refusals = {
  driverFactory: 'The adapter gives the driver.',
  maxPoolSize: theTenancys,
  minPoolSize: theTenancys,
  maximumPoolSize: theTenancys,
  minimumPoolSize: theTenancys,
  connectionTimeout: theTenancys,
  connectionRetryLimit: theTenancys,
  connectionUri: theTenancys,
  idleTimeout: theTenancys,
  maximumConnectionAge: theTenancys,
  password: theTenancys,
  ssl: theTenancys,
  statementTimeout: 'It is a setting of the connection: set "statement_timeout" in "database" of the config of the tenancy.',
  idleInTransactionSessionTimeout:
    'It is a setting of the connection: set "idle_in_transaction_session_timeout" in "database" of the config of the tenancy.',
  resetConnection: 'Between two tenants nothing is left on a connection that would have to be reset.',
} as const
