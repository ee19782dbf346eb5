/**
 * partywall/typeorm, for TypeORM 1. `tenantTypeormOptions` makes the options of one DataSource that serves every tenant.
 *
 * Not isolated by it: entities that you keep beyond their scope, and lazy relations, which are read in the scope that awaits them.
 */
import '../node-version.ts'
import type { DataSourceOptions } from 'typeorm'
import { isTenancyError } from '../errors.ts'
import type { OrmTenancy } from '../ports/tenancy-like.ts'
import { warnIfUntested } from '../tested-versions.ts'
import { assertNoneRefused, schemaInEachStatement, setByTenancy } from './shared/refused-options.ts'

export { typeormMigrations, type TypeormClass, type TypeormMigrationsOptions } from '../migrations/sources/tools/typeorm.ts'
export type { FilesOptions, MigrationFolders } from '../migrations/sources/tools/given-migrations.ts'
export type { OrmTenancy } from '../ports/tenancy-like.ts'

/** The options of a DataSource for PostgreSQL. */
export type TypeormPostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>

/** The options of a DataSource, without what the tenancy decides. */
export type TenantTypeormOptions = Omit<TypeormPostgresOptions, 'type' | keyof typeof refused>

/**
 * The options of a DataSource on `tenancy.pool`. Make one DataSource for the whole app; `initialize()` needs no tenant.
 * @example
 * const dataSource = new DataSource(tenantTypeormOptions(tenancy, { entities: [Project] }))
 * await dataSource.initialize()
 * await tenancy.run('acme', () => dataSource.getRepository(Project).find())
 * @throws TenancyError INVALID_OPTION
 */
export function tenantTypeormOptions(tenancy: OrmTenancy, options: TenantTypeormOptions): TypeormPostgresOptions {
  // An option such as `synchronize: false` changes nothing, so it is accepted.
  assertNoneRefused('tenantTypeormOptions', options, refused, (value) => value !== undefined && value !== false)
  warnIfUntested('typeorm')
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

/** What TypeORM uses of a pool. */
interface PoolForTypeOrm {
  connect(callback: ConnectCallback): void
  on(event: 'error', listener: (error: Error) => void): unknown
  end(callback: () => void): void
}

type ConnectCallback = (error: Error | undefined, client?: unknown, release?: (error?: Error) => void) => void

/** The tenancy's pool, which a DataSource must not close. */
function poolFor({ pool, sharedPool }: OrmTenancy): PoolForTypeOrm {
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

/** The queries of `initialize()`, which runs outside every scope. The answers are the same for all tenants. */
const probes = new Set(['SELECT version()', 'SELECT * FROM current_database()', 'SELECT * FROM current_schema()'])

/** Stands in for a client outside every scope: it has the probes answered, and refuses everything else. */
function probingClient(sharedPool: OrmTenancy['sharedPool'], refusal: Error): object {
  return {
    query: (text: unknown) => (typeof text === 'string' && probes.has(text) ? sharedPool.query(text) : Promise.reject(refusal)),
    on: () => {},
    removeListener: () => {},
  }
}

const byMigrations = 'It would change the tables of the shared schema only. Change tables with migrations: npx partywall migrate.'
const ofTheDatabase = 'Extensions belong to the database: create them in a migration of the shared schema.'

const refused = {
  driver: 'The adapter gives the driver.',
  nativeDriver: 'pg-native cannot send a statement together with its tenant.',
  url: setByTenancy,
  host: setByTenancy,
  port: setByTenancy,
  username: setByTenancy,
  password: setByTenancy,
  database: setByTenancy,
  ssl: setByTenancy,
  applicationName: setByTenancy,
  connectTimeoutMS: setByTenancy,
  poolSize: setByTenancy,
  extra: setByTenancy,
  replication: 'The tenancy has one database; a replica requires a tenancy and a DataSource of its own.',
  schema: schemaInEachStatement,
  cache:
    'A cached result is found by the text of its query, which is the same for every tenant: one tenant would read rows of another.',
  synchronize: byMigrations,
  dropSchema: 'It would drop the tables of the shared schema.',
  migrationsRun: byMigrations,
  installExtensions: ofTheDatabase,
  extensions: ofTheDatabase,
  parseInt8: 'It would change how all code in this process reads a bigint. Give the column a transformer.',
} as const
