/**
 * partywall/sequelize, for Sequelize 6. `tenantSequelizeOptions` makes the options of one Sequelize that serves every tenant.
 *
 * Sequelize keeps connections of its own and hands them from caller to caller. So it is given connections that are none: each
 * passes its statements on to `tenancy.pool`, and holds a client of that pool only from START TRANSACTION to the end. One such
 * connection serves one checkout and is thrown away.
 *
 * Not isolated by it: instances that you keep beyond their scope; `sync()`, which names types in the schema "public".
 */
import { EventEmitter } from 'node:events'
import type { CustomTypesConfig, Pool, PoolClient } from 'pg'
import type { Options } from 'sequelize'
import { statementFacts } from '../sql/statement-facts.ts'
import { TenancyError } from '../errors.ts'
import type { TenancyLike } from '../ports/tenancy-like.ts'

/** The part of node-postgres that the adapter uses: how values are read. */
export interface PgLike {
  readonly types: { getTypeParser(oid: any, format?: any): any }
}

/** The options of Sequelize, without what the tenancy decides. */
export type TenantSequelizeOptions = Omit<Options, keyof typeof refusals>

/**
 * The options of a Sequelize on `tenancy.pool`. Make one Sequelize for the whole app; `close()` leaves the pool open.
 * @param pg node-postgres: `import pg from 'pg'`
 * @example
 * const sequelize = new Sequelize(tenantSequelizeOptions(tenancy, pg, { logging: false }))
 * await tenancy.run('acme', () => Project.findAll())
 * @throws TenancyError INVALID_OPTION
 */
export function tenantSequelizeOptions(tenancy: TenancyLike, pg: PgLike, options: TenantSequelizeOptions = {}): Options {
  for (const [key, reason] of Object.entries(refusals)) {
    if ((options as Record<string, unknown>)[key] === undefined) continue
    throw new TenancyError('INVALID_OPTION', `tenantSequelizeOptions refuses "${key}". ${reason}`, { details: { option: key } })
  }
  if (options.define?.schema !== undefined) {
    throw new TenancyError('INVALID_OPTION', `tenantSequelizeOptions refuses "define.schema". ${refusals.schema}`, {
      details: { option: 'define.schema' },
    })
  }
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
    // The waiting line and the number of connections are those of tenancy.pool. Sequelize hands a connection that it has just
    // made to whoever waits longest, and it must serve nobody else after that.
    pool: { max: Number.MAX_SAFE_INTEGER, min: 0, maxUses: 1 },
    // No statement at connect: a setting of the session would be the next tenant's, too.
    keepDefaultTimezone: true,
    dialectOptions: { clientMinMessages: 'ignore' },
  } as Options
}

type Callback = (error: Error | null, result?: unknown) => void

/** What Sequelize takes for a connection. */
class BorrowedConnection extends EventEmitter {
  /** Where Sequelize listens for what the server says of itself. */
  readonly connection = new EventEmitter()
  readonly #tenancy: TenancyLike
  readonly #server: Server
  readonly #types: CustomTypesConfig | undefined
  #client: PoolClient | undefined

  constructor(tenancy: TenancyLike, server: Server, types: CustomTypesConfig | undefined) {
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
    // The pool sees for itself whether a transaction is still open, and then closes the connection.
    this.#client?.release()
    this.#client = undefined
    callback()
  }

  async #query(text: string, values: unknown[] | undefined): Promise<unknown> {
    if (isProbe(text)) return this.#tenancy.sharedPool.query(text)
    if (this.#client === undefined) {
      const { control } = statementFacts(text)
      if (control === 'begin') this.#client = await this.#tenancy.pool.connect()
      // Sequelize rolls back what it could not begin, too. There is nothing to undo.
      if (control === 'end') return { rows: [], fields: [], rowCount: null }
    }
    const target = this.#client ?? this.#tenancy.pool
    return this.#server.withArrays(await target.query({ text, ...(values && { values }), types: this.#types }))
  }
}

/** What Sequelize asks of the server at its first connection, and in authenticate(): the answers are the same for all tenants. */
function isProbe(text: string): boolean {
  return text === 'SELECT 1+1 AS result' || text.startsWith('WITH ranges AS (  SELECT pg_range.rngtypid,')
}

interface ResultLike {
  readonly fields?: readonly { readonly name: string; readonly dataTypeID: number }[]
  readonly rows?: Record<string, unknown>[]
}

/** What is the same for all tenants, and asked once. */
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
   * Reads arrays of enums. Sequelize learns their types when it first connects; those of tenants that were made later it does not
   * know. Costs one round trip for each such type, once.
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
/** PostgreSQL gives the numbers below to types of its own. */
const firstTypeOfUsers = 16_384

const theTenancys = 'The database, its connections and their number are those of the tenancy: say it in partywall.config.ts.'

/** Options that would lead around the tenancy, or make one schema of all, and what to do instead. */
const refusals = {
  dialect: 'It is postgres.',
  dialectModule: 'The adapter gives it.',
  dialectModulePath: 'The adapter gives the module.',
  dialectOptions: theTenancys,
  database: theTenancys,
  username: theTenancys,
  password: theTenancys,
  host: theTenancys,
  port: theTenancys,
  ssl: theTenancys,
  protocol: theTenancys,
  pool: theTenancys,
  native: 'pg-native cannot send a statement together with its tenant.',
  replication: 'The tenancy has one database; a replica needs a tenancy of its own, with a Sequelize of its own.',
  schema: 'It would write that schema into every statement. Leave it out; for a shared table, set it on the model alone.',
  searchPath: 'The search path is the tenancy’s to set.',
  keepDefaultTimezone: 'The session is shared by tenants. For another zone, set it for the role: alter role … set timezone.',
} as const
