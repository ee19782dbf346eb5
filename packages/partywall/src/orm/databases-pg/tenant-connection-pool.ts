/**
 * partywall/databases-pg, for @databases/pg 6. `tenantConnectionPool` makes one of its pools that serves every tenant.
 *
 * @databases/pg keeps a pool of connections that it opens itself. What it takes them from is replaced: it gets its own kind of driver
 * around a client of `tenancy.pool`, taken in the scope of the call, and given back when the call is done.
 *
 * Not isolated by it: rows that you keep beyond their scope.
 */
import databases, { type ConnectionPool, type ConnectionPoolConfig } from '@databases/pg'
import drivers from '@databases/pg/lib/Driver.js'
import type { Pool } from 'pg'
import { TenancyError } from '../../errors.ts'
import type { TenancyLike } from '../../ports/tenancy-like.ts'
import { BorrowingPool, type TypeOf, type TypesLike } from './borrowing-pool.ts'

/** The config of @databases/pg, without what the tenancy decides. */
export type TenantConnectionPoolOptions = Omit<ConnectionPoolConfig, keyof typeof refusals>

/**
 * A pool of @databases/pg on `tenancy.pool`. Make one for the whole app; `db.dispose()` leaves the tenancy's open.
 * @example
 * const db = tenantConnectionPool(tenancy, { bigIntMode: 'bigint' })
 * await tenancy.run('acme', () => db.query(sql`select * from projects`))
 * @throws TenancyError INVALID_OPTION, also for a version of @databases/pg that the adapter does not know
 */
export function tenantConnectionPool(tenancy: TenancyLike, options: TenantConnectionPoolOptions = {}): ConnectionPool {
  for (const [key, reason] of Object.entries(refusals)) {
    if ((options as Record<string, unknown>)[key] === undefined) continue
    throw new TenancyError('INVALID_OPTION', `tenantConnectionPool refuses "${key}". ${reason}`, { details: { option: key } })
  }
  // It wants the place of a server, and would look for one in the environment. It connects when it is first used, which it never is.
  const db = databases.default({ ...options, connectionString: 'postgres://tenancy.pool' })
  const { _pool, _types } = db as unknown as Partial<Internals>
  const isKnown = typeof _pool?.getConnection === 'function' && typeof _types?.prepareOverrides === 'function'
  if (!isKnown || Driver === undefined) throw unknownVersion()
  const { registerTypeParser, getTypeParser } = db
  const typeOf = typeResolver(tenancy.sharedPool)
  // 0 is for ever, as in the original.
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
  readonly _types: TypesLike
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
      `tenantConnectionPool cannot read the type ${JSON.stringify(name)} of "types": it is neither PostgreSQL's own nor in the shared ` +
        "schema. A type in the tenants' schemas has another number in each of them: select such columns as text (::text, ::text[]).",
      { details: { option: 'types', type: name } },
    )
  }
}

function unknownVersion(): TenancyError {
  return new TenancyError(
    'INVALID_OPTION',
    'This version of @databases/pg does not show where it takes its connections from, so it would open its own, without tenants. Use ' +
      '@databases/pg 6 (6.1 is tested).',
    { details: { package: '@databases/pg' } },
  )
}

const theTenancys = 'The database, its connections and their number are those of the tenancy: say it in partywall.config.ts.'
const aSetting = 'It is a setting of the connection: set it in "database" of the config of the tenancy.'

/** Options that would lead around the tenancy or do nothing, and what to do instead. */
const refusals = {
  schema: 'It sets a search path that outlives the tenant; each statement carries the path of its own tenant instead.',
  connectionString: theTenancys,
  user: theTenancys,
  password: theTenancys,
  host: theTenancys,
  port: theTenancys,
  database: theTenancys,
  ssl: theTenancys,
  applicationName: theTenancys,
  fallbackApplicationName: theTenancys,
  poolSize: theTenancys,
  maxUses: theTenancys,
  keepAlive: theTenancys,
  keepAliveInitialDelayMilliseconds: theTenancys,
  idleTimeoutMilliseconds: theTenancys,
  connectionTimeoutMilliseconds: theTenancys,
  queueTimeoutMilliseconds: theTenancys,
  queryTimeoutMilliseconds: aSetting,
  statementTimeoutMilliseconds: aSetting,
  idleInTransactionSessionTimeoutMilliseconds: aSetting,
  lockTimeoutMilliseconds: aSetting,
  transactionTimeoutMilliseconds: aSetting,
  onError: 'It is told of idle connections, and those are the tenancy’s: listen to tenancy.on("connection.discarded").',
  onConnectionOpened: theTenancys,
  onConnectionClosed: theTenancys,
} as const
