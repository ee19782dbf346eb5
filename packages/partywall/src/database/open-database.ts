/** Wires the database of one tenancy: the pool of the tenants, the pool of the shared schema, and the embedded server if it is used. */
import { join } from 'node:path'
import type { ClientConfig, PoolClient, PoolConfig, QueryResult, QueryResultRow } from 'pg'
import { TenancyError } from '../errors.ts'
import type { Tampering } from '../events.ts'
import type { Options } from '../config/options.ts'
import type { Scope } from '../scope/scope.ts'
import type { Tenant } from '../types.ts'
import { fixedBinder, scopeBinder, unscopedBinder, type Binder } from './binding/binder.ts'
import { Bindings, type Binding } from './binding/binding.ts'
import { assertConnectionString } from './connection-string.ts'
import type { Connections, Database, Transaction } from '../ports/database.ts'
import type { Watch, WatchOptions } from '../ports/watch.ts'
import { startEmbedded, type EmbeddedServer } from './embedded-server.ts'
import { ownCheckoutHere } from './pool/held-clients.ts'
import { interruptPool } from './pool/interrupt.ts'
import type { Loan } from './pool/loan.ts'
import { inSession } from './pool/session.ts'
import { probe, type Probe } from './probe/probe.ts'
import { examine, type ExaminedText } from '../sql/statement-facts.ts'
import type { Queryable, Statement } from '../sql/statement.ts'
import { connectFor, TenantPool } from './pool/tenant-pool.ts'
import { ChangeWatch } from './watch/change-watch.ts'

export interface DatabaseEvents {
  /** A connection was destroyed instead of reused. */
  onDiscard?: (reason: string) => void
  /** The search path of a connection was changed for its session. */
  onTamper?: (tampering: Tampering) => void
  /** A line of progress while the embedded server is prepared. */
  onProgress?: (line: string) => void
}

export class OpenDatabase implements Database {
  readonly pool: TenantPool
  readonly sharedPool: TenantPool
  readonly #options: Options
  readonly #bindings: Bindings
  readonly #events: DatabaseEvents
  readonly #scope: Scope<any>
  readonly #extraPools = new Set<TenantPool>()
  readonly #watches: Watch[] = []
  #embedded: Promise<EmbeddedServer> | undefined

  constructor(options: Options, scope: Scope<any>, events: DatabaseEvents = {}) {
    assertConnectionString(options.database)
    this.#options = options
    this.#scope = scope
    this.#bindings = new Bindings(options)
    this.#events = events
    const { max, sharedMax, maxPerTenant, ...waits } = options.pool
    const common = {
      ...waits,
      ...options.database,
      ...(options.database === undefined && { locate: () => this.#locateEmbedded() }),
      ...(events.onDiscard && { onDiscard: events.onDiscard }),
      ...(events.onTamper && { onTamper: events.onTamper }),
    } satisfies PoolConfig & { locate?: () => Promise<ClientConfig> }
    this.pool = new TenantPool({ ...common, max, maxPerTenant, binder: scopeBinder(scope, this.#bindings, options.outsideScope) })
    this.sharedPool = new TenantPool({ ...common, max: sharedMax, min: 0, binder: fixedBinder(this.#bindings.shared, scope) })
  }

  /** One statement whose names are qualified. One round trip. */
  async query<R extends QueryResultRow = QueryResultRow>(statement: Statement): Promise<QueryResult<R>> {
    const loan = await connectFor(this.sharedPool, this.#bindings.shared)
    try {
      return await loan.client.queryFor(this.#bindings.qualified, examine(statement.text), statement.values)
    } finally {
      loan.release()
    }
  }

  transaction<T>(fn: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#transaction(this.sharedPool, fn)
  }

  async connections<T>(size: number, fn: (connections: Connections) => Promise<T>): Promise<T> {
    const pool = await this.#extraPool(size, unscopedBinder(this.#bindings.shared, this.#scope))
    try {
      return await fn({
        size,
        send: (schema, text, foreign) => this.#send(pool, schema, text, foreign),
        transaction: (work) => this.#transaction(pool, work),
        session: (schema, work) =>
          inSession(
            pool,
            this.#bindings.ofSchema(schema),
            (client) => this.#scope.runOutside(() => work({ query: ({ text, values }) => client.query(text, values) })),
            ownCheckoutHere(this.connections),
          ),
      })
    } finally {
      await this.#endExtra(pool)
    }
  }

  /** Lends a connection of its own, which is bound to the tenant until it is closed. */
  async session<T>(tenant: Tenant<any>, fn: (client: PoolClient) => Promise<T>): Promise<T> {
    return inSession(this.pool, this.#bindings.ofTenant(tenant), fn)
  }

  /** What is between partywall and the server, and whether tenants stay isolated. Opens up to five connections, and closes them. */
  async probe(): Promise<Probe> {
    const config = await this.connectionConfig()
    const pool = await this.#extraPool(2, scopeBinder(this.#scope, this.#bindings, this.#options.outsideScope))
    try {
      return await probe({ database: this, pool, scope: this.#scope, config })
    } finally {
      await this.#endExtra(pool)
    }
  }

  /** How to connect to the server. Starts the embedded one when the config names no other. */
  async connectionConfig(): Promise<ClientConfig> {
    const { database } = this.#options
    return database === undefined ? this.#locateEmbedded() : copyOf(database)
  }

  /**
   * For a process that is about to end: cancels all that runs on the server, and resolves when the server has answered. What was not
   * committed is rolled back.
   */
  async interrupt(): Promise<void> {
    await Promise.all([this.pool, this.sharedPool, ...this.#extraPools].map(interruptPool))
  }

  /** Holds a connection until it is given back. `lost` resolves when it ends, whatever the reason. */
  async holdConnection(): Promise<{ lost: Promise<void>; giveBack: () => void }> {
    const loan = await connectFor(this.sharedPool, this.#bindings.shared)
    const lost = new Promise<void>((resolve) => loan.client.once('end', () => resolve()))
    return { lost, giveBack: () => loan.release(true) }
  }

  /** Sees what other processes change, on a connection of its own that is opened at the first use. Closed with the database. */
  watch(options: WatchOptions): Watch {
    const watch = new ChangeWatch(
      options,
      () => this.connectionConfig(),
      (fn) => this.#scope.runOutside(fn),
    )
    this.#watches.push(watch)
    return watch
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.end(), this.sharedPool.end(), ...this.#watches.map((watch) => watch.close())])
    // The caller that needed the server has received the error when it did not start.
    const embedded = await this.#embedded?.catch(() => undefined)
    await embedded?.release()
  }

  /** A separate pool: its users neither wait for the application nor make it wait. */
  async #extraPool(size: number, binder: Binder): Promise<TenantPool> {
    const { max: _max, sharedMax: _sharedMax, maxPerTenant: _maxPerTenant, ...waits } = this.#options.pool
    const pool = new TenantPool({ ...waits, ...(await this.connectionConfig()), min: 0, max: size, binder })
    this.#extraPools.add(pool)
    return pool
  }

  async #endExtra(pool: TenantPool): Promise<void> {
    await pool.end()
    this.#extraPools.delete(pool)
  }

  async #send(pool: TenantPool, schema: string, text: string, foreign: string): Promise<void> {
    const binding = this.#bindings.ofSchema(schema)
    const loan = await connectFor(pool, binding)
    try {
      await (foreign === '' ? loan.client.queryFor(binding, examine(text)) : loan.client.queryAround(binding, text, foreign))
    } finally {
      loan.release()
    }
  }

  async #transaction<T>(pool: TenantPool, fn: (transaction: Transaction) => Promise<T>): Promise<T> {
    const { shared } = this.#bindings
    const loan = await connectFor(pool, shared, ownCheckoutHere(this.#transaction))
    const control = (text: string): Promise<unknown> => loan.client.queryFor(shared, examine(text))
    try {
      // Whatever the server's default: a transaction that waited for a row lock must then see what was committed.
      await control('begin isolation level read committed')
      // Outside every scope: a migration that queries the pool instead of its own client is refused, wherever it was started.
      const result = await this.#scope.runOutside(() => fn(this.#transactionOn(loan)))
      await control('commit')
      return result
    } catch (error) {
      // If the rollback fails too, the connection is not clean, and the pool destroys it.
      await control('rollback').catch(() => {})
      throw error
    } finally {
      loan.release()
    }
  }

  /** The loan refuses every query after the end of the transaction. */
  #transactionOn(loan: Loan): Transaction {
    const queryAs = (binding: Binding): Queryable => ({
      query: async ({ text, values }: Statement) => loan.client.queryFor(binding, examinedInside(text), values),
    })
    return { ...queryAs(this.#bindings.qualified), in: (schema) => queryAs(this.#bindings.ofSchema(schema)) }
  }

  async #locateEmbedded(): Promise<ClientConfig> {
    this.#embedded ??= startEmbedded({
      directory: join(this.#options.root, '.partywall'),
      ...(this.#events.onProgress && { onProgress: this.#events.onProgress }),
    })
    try {
      return { connectionString: (await this.#embedded).url }
    } catch (error) {
      this.#embedded = undefined
      throw error
    }
  }
}

/** The transaction is ended where it was opened; savepoints in it are allowed. */
function examinedInside(text: string): ExaminedText {
  const examined = examine(text)
  const { control } = examined.facts
  if (control !== 'begin' && control !== 'end') return examined
  throw new TenancyError(
    'UNSAFE_STATEMENT',
    'BEGIN, COMMIT or ROLLBACK was sent in a transaction that partywall opens and ends. Leave it out: the transaction is committed when ' +
      'everything in it succeeds, and rolled back otherwise.',
  )
}

/** A caller may change its copy. The TLS options have properties that are not enumerable: node-postgres hides the key in them. */
function copyOf(config: ClientConfig): ClientConfig {
  const { ssl } = config
  return {
    ...config,
    ...(typeof ssl === 'object' &&
      ssl !== null && { ssl: Object.create(Object.getPrototypeOf(ssl), Object.getOwnPropertyDescriptors(ssl)) }),
  }
}
