/**
 * partywall/typeorm, for TypeORM 1. `tenantDataSourceOptions` makes the options of one DataSource that serves every tenant.
 *
 * Not isolated by it: entities that you keep beyond their scope, and lazy relations, which are read in the scope that awaits them.
 */
import type { DataSourceOptions } from 'typeorm'
import { isTenancyError, TenancyError } from '../errors.ts'
import type { TenancyLike } from '../ports/tenancy-like.ts'

export { typeormMigrations, type TypeormMigrationsOptions } from '../migrations/sources/tools/typeorm.ts'

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>
type Settled = (typeof settled)[number]

/** The options of a DataSource, without what the tenancy decides. */
export type TenantDataSourceOptions = Omit<PostgresOptions, 'type' | Settled>

/**
 * The options of a DataSource on `tenancy.pool`. Make one DataSource for the whole app; `initialize()` needs no tenant.
 * @example
 * const dataSource = new DataSource(tenantDataSourceOptions(tenancy, { entities: [Project] }))
 * await dataSource.initialize()
 * await tenancy.run('acme', () => dataSource.getRepository(Project).find())
 * @throws TenancyError INVALID_OPTION
 */
export function tenantDataSourceOptions(tenancy: TenancyLike, options: TenantDataSourceOptions): PostgresOptions {
  for (const [key, reason] of Object.entries(refusals)) {
    const value = (options as Record<string, unknown>)[key]
    if (value === undefined || value === false) continue
    throw new TenancyError('INVALID_OPTION', `tenantDataSourceOptions refuses "${key}". ${reason}`, { details: { option: key } })
  }
  const pool = poolFor(tenancy)
  return {
    ...options,
    type: 'postgres',
    // TypeORM calls it with `new`; a function that returns an object gives that object.
    driver: {
      Pool: function TenantPool() {
        return pool
      },
    },
    installExtensions: false,
  }
}

/** What TypeORM asks of a pool. */
interface PoolForTypeOrm {
  connect(callback: ConnectCallback): void
  on(event: 'error', listener: (error: Error) => void): unknown
  end(callback: () => void): void
}

type ConnectCallback = (error: Error | undefined, client?: unknown, release?: (error?: Error) => void) => void

/** The tenancy's pool, which a DataSource may not close. */
function poolFor({ pool, sharedPool }: TenancyLike): PoolForTypeOrm {
  const listeners: ((error: Error) => void)[] = []
  return {
    connect: (callback) => {
      pool.connect().then(
        (client) => callback(undefined, client, client.release),
        (error: Error) => {
          if (isTenancyError(error, 'NO_TENANT')) callback(undefined, probingClient(sharedPool, error), () => {})
          else callback(error)
        },
      )
    },
    on: (event, listener) => {
      listeners.push(listener)
      return pool.on(event, listener)
    },
    end: (callback) => {
      for (const listener of listeners.splice(0)) pool.removeListener('error', listener)
      callback()
    },
  }
}

/** What TypeORM asks of the server in `initialize()`, which runs outside every scope. The answers are the same for all tenants. */
const probes = new Set(['SELECT version()', 'SELECT * FROM current_database()', 'SELECT * FROM current_schema()'])

/** Stands for a client where there is no tenant: it has the probes answered, and refuses everything else. */
function probingClient(sharedPool: TenancyLike['sharedPool'], refusal: TenancyError): object {
  return {
    query: (text: unknown) =>
      typeof text === 'string' && probes.has(text) ? sharedPool.query(text) : Promise.reject(withOwnStack(refusal)),
    on: () => {},
    removeListener: () => {},
  }
}

function withOwnStack({ code, message, details }: TenancyError): TenancyError {
  return new TenancyError(code, message, { details })
}

const theTenancys = 'The database, its connections and their number are those of the tenancy: say it in partywall.config.ts.'
const byMigrations =
  'It would make tables for one schema only, in the shared one. Make them with SQL migrations: npx partywall migrate.'

/** Options that would lead around the tenancy, or make one schema of all, and what to do instead. */
const refusals = {
  driver: 'The adapter gives the driver.',
  nativeDriver: 'pg-native cannot send a statement together with its tenant.',
  url: theTenancys,
  host: theTenancys,
  port: theTenancys,
  username: theTenancys,
  password: theTenancys,
  database: theTenancys,
  ssl: theTenancys,
  applicationName: theTenancys,
  connectTimeoutMS: theTenancys,
  poolSize: theTenancys,
  extra: theTenancys,
  replication: 'The tenancy has one database; a replica needs a tenancy of its own, with a DataSource of its own.',
  schema: 'It would write that schema into every statement. Leave it out; for a shared table, set it on the entity alone.',
  cache:
    'A cached result is found by the text of its query, which is the same for every tenant: rows of one would go to another.',
  synchronize: byMigrations,
  dropSchema: 'It would drop the tables of the shared schema.',
  migrationsRun: byMigrations,
  installExtensions: 'Extensions belong to the database: create them in a migration of the shared schema.',
  extensions: 'Extensions belong to the database: create them in a migration of the shared schema.',
  parseInt8: 'It would change how every user of node-postgres in this process reads a bigint. Give the column a transformer.',
} as const

const settled = Object.keys(refusals) as (keyof typeof refusals)[]
