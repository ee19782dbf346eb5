/**
 * partywall/slonik, for slonik 49. `tenantSlonik` makes one slonik pool that serves every tenant.
 *
 * slonik has a pool and a driver of its own. The adapter gives it a driver whose connections are stand-ins: each borrows a client of
 * `tenancy.pool` from its first query to its release. `tenancy.pool` decides how many connections there are, and which caller waits.
 *
 * Not isolated by it: answers that an interceptor keeps, and loaders that collect queries of several callers.
 */
import '../../node-version.ts'
import { createPool, type ClientConfigurationInput, type DatabasePool } from 'slonik'
import type { OrmTenancy } from '../../ports/tenancy-like.ts'
import { warnIfUntested } from '../../tested-versions.ts'
import { assertNoneRefused, setByTenancy } from '../shared/refused-options.ts'
import { borrowingDriver, type QueryStreamLike } from './borrowing-driver.ts'

export type { OrmTenancy } from '../../ports/tenancy-like.ts'
export type { QueryStreamLike } from './borrowing-driver.ts'

/** The options of slonik, without what the tenancy decides. */
export type TenantSlonikOptions = Omit<ClientConfigurationInput, keyof typeof refused> & {
  /** The class of pg-query-stream, for `pool.stream()`. @default none: streams are refused */
  readonly QueryStream?: QueryStreamLike
}

/**
 * A slonik pool on `tenancy.pool`. Make one for the whole app; `pool.end()` leaves the tenancy's pool open. Costs one query, for the
 * numbers of the types in `typeParsers`.
 * @example
 * const pool = await tenantSlonik(tenancy)
 * await tenancy.run('acme', () => pool.any(sql.unsafe`select * from projects`))
 * @throws TenancyError INVALID_OPTION
 */
export async function tenantSlonik(tenancy: OrmTenancy, options: TenantSlonikOptions = {}): Promise<DatabasePool> {
  assertNoneRefused('tenantSlonik', options, refused)
  warnIfUntested('slonik')
  const { QueryStream, ...configuration } = options
  // slonik requires the address of a server. Its own driver would connect to it; this one does not.
  return createPool('postgres://tenancy.pool', {
    ...configuration,
    driverFactory: borrowingDriver(tenancy, QueryStream),
    // Callers wait in the queue of tenancy.pool, where each tenant has its share.
    maxPoolSize: Number.MAX_SAFE_INTEGER,
    // A stand-in that was given back has no client: there is nothing to reset, and DISCARD ALL would require a tenant.
    resetConnection: async () => {},
  })
}

const refused = {
  driverFactory: 'The adapter gives the driver.',
  maxPoolSize: setByTenancy,
  minPoolSize: setByTenancy,
  maximumPoolSize: setByTenancy,
  minimumPoolSize: setByTenancy,
  connectionTimeout: setByTenancy,
  connectionRetryLimit: setByTenancy,
  connectionUri: setByTenancy,
  idleTimeout: setByTenancy,
  maximumConnectionAge: setByTenancy,
  password: setByTenancy,
  ssl: setByTenancy,
  statementTimeout: 'It is a setting of the connection: set "statement_timeout" in "database" in partywall.config.ts.',
  idleInTransactionSessionTimeout:
    'It is a setting of the connection: set "idle_in_transaction_session_timeout" in "database" in partywall.config.ts.',
  resetConnection: 'Nothing is left on a connection that would have to be reset. Leave it out.',
} as const
