/**
 * partywall/databases-pg, for @databases/pg 6. `tenantDatabasesPg` makes one of its connection pools that serves every tenant.
 *
 * @databases/pg keeps a pool of connections that it opens itself. The adapter replaces that pool: each call gets the library's own driver
 * around a client of `tenancy.pool`, which is taken in the scope of the call and given back when the call is done.
 *
 * Not isolated by it: rows that you keep beyond their scope.
 */
import '../../node-version.ts'
import databases, { type ConnectionPool, type ConnectionPoolConfig } from '@databases/pg'
import drivers from '@databases/pg/lib/Driver.js'
import type { Pool } from 'pg'
import { TenancyError } from '../../errors.ts'
import type { OrmTenancy } from '../../ports/tenancy-like.ts'
import { unusableVersion, warnIfUntested } from '../../tested-versions.ts'
import { assertNoneRefused, setByTenancy } from '../shared/refused-options.ts'
import { BorrowingPool, type PreparedTypes, type TypeOf } from './borrowing-pool.ts'

export type { OrmTenancy } from '../../ports/tenancy-like.ts'

/** The options of @databases/pg, without what the tenancy decides. */
export type TenantDatabasesPgOptions = Omit<ConnectionPoolConfig, keyof typeof refused>

/**
 * A connection pool of @databases/pg on `tenancy.pool`. Make one for the whole app; `db.dispose()` leaves the tenancy's pool open.
 * @example
 * const db = tenantDatabasesPg(tenancy, { bigIntMode: 'bigint' })
 * await tenancy.run('acme', () => db.query(sql`select * from projects`))
 * @throws TenancyError INVALID_OPTION, also for a version of @databases/pg that the adapter does not know
 */
export function tenantDatabasesPg(tenancy: OrmTenancy, options: TenantDatabasesPgOptions = {}): ConnectionPool {
  assertNoneRefused('tenantDatabasesPg', options, refused)
  // It requires the address of a server, and would look for one in the environment. Its own pool connects at its first use, which never comes.
  const db = databases.default({ ...options, connectionString: 'postgres://tenancy.pool' })
  const { _pool, _types } = db as unknown as Partial<Internals>
  const isKnown = typeof _pool?.getConnection === 'function' && typeof _types?.prepareOverrides === 'function'
  if (!isKnown || Driver === undefined) {
    throw unusableVersion(
      '@databases/pg',
      'hides where it takes its connections from, so it would open its own, without tenants.',
    )
  }
  warnIfUntested('@databases/pg')
  const { registerTypeParser, getTypeParser } = db
  const typeOf = typeResolver(tenancy.sharedPool)
  // 0 waits indefinitely, as in the original.
  const patience = options.acquireLockTimeoutMilliseconds === 0 ? Infinity : (options.acquireLockTimeoutMilliseconds ?? 60_000)
  return Object.assign(db, {
    _pool: new BorrowingPool(tenancy.pool, _types, typeOf, (client) => new Driver(client, options, patience)),
    registerTypeParser: async (type: string | number, parser: (value: string) => unknown) =>
      registerTypeParser.call(db, typeof type === 'string' ? await typeOf(type) : type, parser),
    getTypeParser: async (type: string | number) => getTypeParser.call(db, typeof type === 'string' ? await typeOf(type) : type),
  })
}

/** The slice of its pool that is not in its types. Read in 6.1. */
interface Internals {
  readonly _pool: { getConnection(): Promise<unknown> }
  readonly _types: PreparedTypes
}

type Driver = new (client: object, handlers: object, acquireLockTimeoutMilliseconds: number) => object

/**
 * Its driver, which knows transactions, streams and errors. The package has no exports map, so each of its files can be imported. The
 * default of a CommonJS module is the module for Node.js, and what it calls `default` for some bundlers and test runners.
 */
const Driver = ('default' in drivers ? drivers.default : drivers) as unknown as Driver | undefined

/** The number of a type that is the same for all tenants. */
function typeResolver(sharedPool: Pick<Pool, 'query'>): TypeOf {
  return async (name) => {
    const { rows } = await sharedPool.query<{ oid: number | null }>('select to_regtype($1)::oid as oid', [name])
    const oid = rows[0]?.oid
    if (typeof oid === 'number') return oid
    throw new TenancyError(
      'INVALID_OPTION',
      `tenantDatabasesPg cannot read the type ${JSON.stringify(name)} of "types": it is neither PostgreSQL's own nor in the shared ` +
        "schema. A type in the tenants' schemas has another number in each of them: select such columns as text (::text, ::text[]).",
      { details: { option: 'types', type: name } },
    )
  }
}

const aSetting = 'It is a setting of the connection: set it in "database" in partywall.config.ts.'

const refused = {
  schema: 'It sets a search path that outlives the tenant. Leave it out: each statement carries the path of its own tenant.',
  connectionString: setByTenancy,
  user: setByTenancy,
  password: setByTenancy,
  host: setByTenancy,
  port: setByTenancy,
  database: setByTenancy,
  ssl: setByTenancy,
  applicationName: setByTenancy,
  fallbackApplicationName: setByTenancy,
  poolSize: setByTenancy,
  maxUses: setByTenancy,
  keepAlive: setByTenancy,
  keepAliveInitialDelayMilliseconds: setByTenancy,
  idleTimeoutMilliseconds: setByTenancy,
  connectionTimeoutMilliseconds: setByTenancy,
  queueTimeoutMilliseconds: setByTenancy,
  queryTimeoutMilliseconds: aSetting,
  statementTimeoutMilliseconds: aSetting,
  idleInTransactionSessionTimeoutMilliseconds: aSetting,
  lockTimeoutMilliseconds: aSetting,
  transactionTimeoutMilliseconds: aSetting,
  onError: 'It receives errors of idle connections, and those belong to the tenancy: use tenancy.on("connection.discarded").',
  onConnectionOpened: setByTenancy,
  onConnectionClosed: setByTenancy,
} as const
