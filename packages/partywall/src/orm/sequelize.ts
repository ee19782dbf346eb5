/**
 * partywall/sequelize, for Sequelize 6. `tenantSequelizeOptions` gives the options of one Sequelize that serves every tenant.
 *
 * Sequelize keeps connections of its own and hands them from caller to caller. The adapter gives it stand-ins: each passes its statements
 * on to `tenancy.pool`, and holds a client of that pool only from START TRANSACTION to the end of the transaction. A stand-in serves one
 * checkout and is thrown away.
 *
 * Not isolated by it: instances that you keep beyond their scope; `sync()`, which names types in the schema "public".
 */
import '../node-version.ts'
import { EventEmitter } from 'node:events'
import type { CustomTypesConfig, Pool, PoolClient } from 'pg'
import type { Options } from 'sequelize'
import { statementFacts } from '../sql/statement-facts.ts'
import type { OrmTenancy } from '../ports/tenancy-like.ts'
import { warnIfUntested } from '../tested-versions.ts'
import { assertNoneRefused, schemaInEachStatement, setByTenancy } from './shared/refused-options.ts'

export { sequelizeMigrations, type SequelizeMigrationsOptions } from '../migrations/sources/tools/sequelize.ts'
export type {
  FilesOptions,
  ListedMigrations,
  MigrationFolders,
  MigrationModule,
} from '../migrations/sources/tools/given-migrations.ts'
export type { OrmTenancy } from '../ports/tenancy-like.ts'

/** The part of node-postgres that the adapter uses: how values are read. */
export interface PgLike {
  readonly types: { getTypeParser(oid: any, format?: any): any }
}

/** The options of Sequelize, without what the tenancy decides. */
export type TenantSequelizeOptions = Omit<Options, keyof typeof refused>

/**
 * The options of a Sequelize on `tenancy.pool`. Make one Sequelize for the whole app; `close()` leaves the pool open.
 * @param pg node-postgres: `import pg from 'pg'`
 * @example
 * const sequelize = new Sequelize(tenantSequelizeOptions(tenancy, pg, { logging: false }))
 * await tenancy.run('acme', () => Project.findAll())
 * @throws TenancyError INVALID_OPTION
 */
export function tenantSequelizeOptions(tenancy: OrmTenancy, pg: PgLike, options: TenantSequelizeOptions = {}): Options {
  const given = { ...options, 'define.schema': options.define?.schema }
  assertNoneRefused('tenantSequelizeOptions', given, { ...refused, 'define.schema': schemaInEachStatement })
  warnIfUntested('sequelize')
  const server = new Server(tenancy.sharedPool, pg)
  class Client extends BorrowedConnection {
    constructor(config: { types?: CustomTypesConfig }) {
      super(tenancy, server, config.types)
    }
  }
  return {
    ...options,
    dialect: 'postgres',
    dialectModule: { types: pg.types, Client },
    // The queue and the number of connections are those of tenancy.pool. Sequelize hands a connection that it has just made to the
    // caller that has waited longest, and the connection must serve no other caller after that.
    pool: { max: Number.MAX_SAFE_INTEGER, min: 0, maxUses: 1 },
    // No statement at connect: a setting of the session would apply to the next tenant, too.
    keepDefaultTimezone: true,
    dialectOptions: { clientMinMessages: 'ignore' },
  } as Options
}

type Callback = (error: Error | null, result?: unknown) => void

/** What Sequelize uses as a connection. */
class BorrowedConnection extends EventEmitter {
  /** Sequelize listens here for the parameters that the server reports. */
  readonly connection = new EventEmitter()
  readonly #tenancy: OrmTenancy
  readonly #server: Server
  readonly #types: CustomTypesConfig | undefined
  #client: PoolClient | undefined

  constructor(tenancy: OrmTenancy, server: Server, types: CustomTypesConfig | undefined) {
    super()
    this.#tenancy = tenancy
    this.#server = server
    this.#types = types
  }

  connect(callback: (error?: Error) => void): void {
    this.#server.version().then((version) => this.#greet(version, callback), callback)
  }

  query(text: string, values?: unknown[] | Callback, callback?: Callback): Promise<unknown> | undefined {
    const done = typeof values === 'function' ? values : callback
    const result = this.#query(text, Array.isArray(values) ? values : undefined)
    if (done === undefined) return result
    result.then((value) => done(null, value), done)
    return undefined
  }

  #greet(version: string, callback: () => void): void {
    this.connection.emit('parameterStatus', { parameterName: 'server_version', parameterValue: version })
    this.connection.emit('parameterStatus', { parameterName: 'standard_conforming_strings', parameterValue: 'on' })
    callback()
  }

  end(callback: () => void): void {
    // The pool detects a transaction that is still open, and closes the connection.
    this.#client?.release()
    this.#client = undefined
    callback()
  }

  async #query(text: string, values: unknown[] | undefined): Promise<unknown> {
    if (isProbe(text)) return this.#tenancy.sharedPool.query(text)
    if (this.#client === undefined) {
      const { control } = statementFacts(text)
      if (control === 'begin') this.#client = await this.#tenancy.pool.connect()
      // Sequelize rolls back a transaction that it could not begin, too. There is nothing to undo.
      if (control === 'end') return { rows: [], fields: [], rowCount: null }
    }
    const target = this.#client ?? this.#tenancy.pool
    return this.#server.withArrays(await target.query({ text, ...(values && { values }), types: this.#types }))
  }
}

/** Queries of Sequelize at its first connection, and in authenticate(): the answers are the same for all tenants. */
function isProbe(text: string): boolean {
  return text === 'SELECT 1+1 AS result' || text.startsWith('WITH ranges AS (  SELECT pg_range.rngtypid,')
}

interface ResultLike {
  readonly fields?: readonly { readonly name: string; readonly dataTypeID: number }[]
  readonly rows?: Record<string, unknown>[]
}

/** Facts about the server that are the same for all tenants; each is queried once. */
class Server {
  readonly #sharedPool: Pool
  readonly #pg: PgLike
  readonly #isEnumArray = new Map<number, boolean>()
  #version: Promise<string> | undefined

  constructor(sharedPool: Pool, pg: PgLike) {
    this.#sharedPool = sharedPool
    this.#pg = pg
  }

  async version(): Promise<string> {
    this.#version ??= this.#sharedPool.query('show server_version').then(({ rows }) => rows[0].server_version)
    try {
      return await this.#version
    } catch (error) {
      this.#version = undefined
      throw error
    }
  }

  /**
   * Reads arrays of enums. Sequelize learns their types when it first connects, and misses those of tenants that are created later.
   * Costs one round trip for each such type, once.
   */
  async withArrays<R extends ResultLike | ResultLike[]>(result: R): Promise<R> {
    const results: ResultLike[] = Array.isArray(result) ? result : [result]
    const unknown = new Set(
      results.flatMap(({ fields = [] }) => fields.map(({ dataTypeID }) => dataTypeID).filter((type) => this.#isNew(type))),
    )
    if (unknown.size > 0) await this.#learn([...unknown])
    for (const { fields = [], rows = [] } of results) {
      for (const { name } of fields.filter(({ dataTypeID }) => this.#isEnumArray.get(dataTypeID))) {
        for (const row of rows) if (typeof row[name] === 'string') row[name] = this.#pg.types.getTypeParser(textArray)(row[name])
      }
    }
    return result
  }

  #isNew(type: number): boolean {
    return type >= firstTypeOfUsers && !this.#isEnumArray.has(type)
  }

  async #learn(types: readonly number[]): Promise<void> {
    const { rows } = await this.#sharedPool.query({
      text: `select list.oid::int8::text as type, coalesce(element.typtype = 'e' and list.typcategory = 'A', false) as is_enum_array
             from pg_catalog.pg_type as list
             left join pg_catalog.pg_type as element on element.oid = list.typelem
             where list.oid = any ($1::oid[])`,
      values: [types],
    })
    for (const { type, is_enum_array } of rows) this.#isEnumArray.set(Number(type), is_enum_array)
  }
}

const textArray = 1009
/** PostgreSQL reserves the numbers below for its own types. */
const firstTypeOfUsers = 16_384

const refused = {
  dialect: 'It is postgres already.',
  dialectModule: 'The adapter gives the module.',
  dialectModulePath: 'The adapter gives the module.',
  dialectOptions: setByTenancy,
  database: setByTenancy,
  username: setByTenancy,
  password: setByTenancy,
  host: setByTenancy,
  port: setByTenancy,
  ssl: setByTenancy,
  protocol: setByTenancy,
  pool: setByTenancy,
  native: 'pg-native cannot send a statement together with its tenant.',
  replication: 'The tenancy has one database; a replica requires a tenancy and a Sequelize of its own.',
  schema: schemaInEachStatement,
  searchPath: 'Each statement carries the search path of its tenant. Leave it out.',
  keepDefaultTimezone: 'Tenants share the session. Set another time zone for the role: alter role … set timezone.',
} as const
