/** Wires the database of one tenancy: the pool of the tenants, the pool of the shared schema, and the embedded server if it is used. */
import { join } from 'node:path'
import type { ClientConfig, PoolClient, PoolConfig, QueryResult, QueryResultRow } from 'pg'
import type { Tampering } from '../events.ts'
import type { Options } from '../config/options.ts'
import type { GivenSettings } from '../config/settings-option.ts'
import type { Observation } from '../observation.ts'
import type { Scope } from '../scope/scope.ts'
import type { Tenant } from '../types.ts'
import { fixedBinder, scopeBinder, unscopedBinder } from './binding/binder.ts'
import { Bindings, pathForAll, type Binding } from './binding/binding.ts'
import { assertConnectionString } from './connection-string.ts'
import type { Connections, Database, Transaction } from '../ports/database.ts'
import type { Watch, WatchOptions } from '../ports/watch.ts'
import { loginsOf } from './logins/logins-of.ts'
import { startEmbedded, type EmbeddedServer } from './embedded-server.ts'
import { ExtraPools } from './extra-pools.ts'
import { ownCheckoutHere } from './pool/held-clients.ts'
import { interruptPool } from './pool/interrupt.ts'
import { inSession } from './pool/session.ts'
import { PoolWork, type WorkBindings } from './pool-work.ts'
import { probe, type Probe } from './probe/probe.ts'
import type { ProbeParts } from './probe/probe-parts.ts'
import { learnRoute, type Route } from './probe/route.ts'
import type { Statement, TimedStatement } from '../sql/statement.ts'
import { connectFor, loginConnectionsOf, TenantPool, type TenantPoolConfig } from './pool/tenant-pool.ts'
import { TenantReads } from './tenant-reads.ts'
import { ChangeWatch } from './watch/change-watch.ts'

export interface DatabaseEvents {
  /** A connection was destroyed instead of reused. */
  onDiscard?: (reason: string) => void
  /** The search path of a connection was changed for its session. */
  onTamper?: (tampering: Tampering) => void
  /** A line of progress while the embedded server is prepared. */
  onProgress?: (line: string) => void
  /** Asks the catalog which password the login of a tenant has. */
  loginGenerationOf?: (tenantId: string) => Promise<number | undefined>
  /** Hears of statements and of waiting. */
  observation?: Observation
}

/** The settings of tenants are of no use here, and may hold secrets. */
type DatabaseParts = Omit<Options, keyof GivenSettings>

export class OpenDatabase implements Database {
  readonly pool: TenantPool
  readonly sharedPool: TenantPool
  /** The same database for work on its structure: as the deploy role, on connections of its own where it is another one than the application's. */
  readonly deploy: Database
  /** As the login of the application itself, whatever the boundary: for the doctor. */
  readonly login: Pick<Database, 'transaction' | 'loginRole'>
  readonly #options: DatabaseParts
  readonly #bindings: Bindings
  readonly #events: DatabaseEvents
  readonly #scope: Scope<any>
  readonly #deployPool: TenantPool
  readonly #extraPools: ExtraPools
  readonly #catalogWork: PoolWork
  readonly #watches: Watch[] = []
  /** Reads in many tenants at a time, for reports. */
  readonly reads: TenantReads
  #embedded: Promise<EmbeddedServer> | undefined

  constructor(options: DatabaseParts, scope: Scope<any>, events: DatabaseEvents = {}) {
    assertConnectionString(options.database)
    assertConnectionString(options.deploy)
    this.#options = options
    this.#scope = scope
    this.#bindings = new Bindings(options)
    this.#events = events
    this.#extraPools = new ExtraPools(options.pool)
    const { max, sharedMax, maxPerTenant, loginMax: _loginMax, ...waits } = options.pool
    const common = {
      ...waits,
      ...options.database,
      ...(options.database === undefined && { locate: () => this.#locateEmbedded() }),
      ...(events.onDiscard && { onDiscard: events.onDiscard }),
      ...(events.onTamper && { onTamper: events.onTamper }),
      ...(events.observation && { observation: events.observation }),
    } satisfies PoolConfig & { locate?: () => Promise<ClientConfig> }
    this.pool = new TenantPool({
      ...common,
      max,
      maxPerTenant,
      observedAs: 'tenants',
      logins: this.#loginsOf(options.pool.loginMax),
      binder: scopeBinder(scope, this.#bindings, options.outsideScope),
    })
    this.sharedPool = new TenantPool({
      ...common,
      observedAs: 'shared',
      max: sharedMax,
      min: 0,
      binder: fixedBinder(this.#bindings.shared, scope),
    })
    this.#deployPool =
      options.deploy === undefined
        ? this.sharedPool
        : new TenantPool({
            ...common,
            ...options.deploy,
            max: sharedMax,
            min: 0,
            binder: unscopedBinder(this.#bindings.deploy.shared, scope),
          })
    const deployWork = this.#workOn(this.#deployPool)
    this.deploy = {
      query: (statement) => deployWork.query(statement),
      transaction: (fn, signal) => deployWork.transaction(fn, signal),
      loginRole: () => deployWork.loginRole(),
      connections: (size, fn) => this.connections(size, fn),
    }
    this.login = this.#workOn(this.sharedPool)
    this.#catalogWork = this.#workOn(this.sharedPool, this.#bindings)
    const { shared } = this.#bindings
    this.reads = new TenantReads({
      pools: {
        app: once(async () => this.#keptPool(shared, await this.connectionConfig())),
        deploy: once(async () => this.#keptPool(this.#bindings.deploy.shared, await this.deployConfig())),
      },
      bindings: this.#bindings,
      boundary: options.boundary,
      scope,
    })
  }

  /** One statement whose names are qualified, as the role of the catalog. One round trip. */
  query<R extends QueryResultRow = QueryResultRow>(statement: Statement | TimedStatement): Promise<QueryResult<R>> {
    return this.#catalogWork.query<R>(statement)
  }

  /** A transaction about rows of the catalog, as its role. */
  transaction<T>(fn: (transaction: Transaction) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#catalogWork.transaction(fn, signal)
  }

  loginRole(): Promise<string> {
    return this.#catalogWork.loginRole()
  }

  /** Connections of the deploy role. */
  async connections<T>(size: number, fn: (connections: Connections) => Promise<T>): Promise<T> {
    const binder = unscopedBinder(this.#bindings.deploy.shared, this.#scope)
    return this.#extraPools.lend({ size, binder, config: await this.deployConfig() }, (pool) => {
      const deployWork = this.#workOn(pool)
      return fn({
        size,
        send: (schema, text, foreign) => this.#send(pool, schema, text, foreign),
        transaction: (work) => deployWork.transaction(work),
        session: (schema, work) =>
          inSession(
            pool,
            this.#bindings.ofSchema(schema),
            (client) => this.#scope.runOutside(() => work({ query: ({ text, values }) => client.query(text, values) })),
            ownCheckoutHere(this.connections),
          ),
      })
    })
  }

  /** Lends a connection of its own, which is bound to the tenant until it is closed. */
  async session<T>(tenant: Tenant<any>, fn: (client: PoolClient) => Promise<T>): Promise<T> {
    return inSession(this.pool, this.#bindings.ofTenant(tenant), fn)
  }

  /** What is between partywall and the server, and whether tenants stay isolated. Opens up to five connections, and closes them. */
  probe(): Promise<Probe> {
    return this.#onRoute(probe)
  }

  /** What is between partywall and the server. Opens up to three connections, and closes them. @throws TenancyError UNSAFE_SETUP */
  route(): Promise<Route> {
    return this.#onRoute(learnRoute)
  }

  async #onRoute<T>(fn: (parts: ProbeParts) => Promise<T>): Promise<T> {
    const config = await this.connectionConfig()
    const byPath = new Bindings({ ...this.#options, boundary: pathForAll })
    const binder = scopeBinder(this.#scope, byPath, this.#options.outsideScope)
    return this.#extraPools.lend({ size: 2, binder, config }, (pool) => fn({ database: this, pool, scope: this.#scope, config }))
  }

  /**
   * Up to `size` transactions at a time as the application, as its catalog's, on connections of their own: for code of the application that may
   * take long, so that lookups do not wait for it. The connections are closed when `fn` is done.
   */
  async besides<T>(size: number, fn: (work: Pick<Database, 'transaction'>) => Promise<T>): Promise<T> {
    const binder = fixedBinder(this.#bindings.shared, this.#scope)
    return this.#extraPools.lend({ size, binder, config: await this.connectionConfig() }, (pool) =>
      fn(this.#workOn(pool, this.#bindings)),
    )
  }

  /** How to connect as the deploy role. */
  async deployConfig(): Promise<ClientConfig> {
    const { deploy } = this.#options
    return deploy === undefined ? this.connectionConfig() : copyOf(deploy)
  }

  /** Lends a pool of its own that is bound to the scope, as the application's is, for `size` connections; they are closed when `fn` is done. */
  async lendPool<T>(size: number, fn: (pool: TenantPool) => Promise<T>): Promise<T> {
    const binder = scopeBinder(this.#scope, this.#bindings, this.#options.outsideScope)
    return this.#extraPools.lendForcibly(
      {
        size,
        binder,
        config: await this.connectionConfig(),
        logins: this.#loginsOf(size),
        observation: this.#events.observation,
      },
      fn,
    )
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
    await Promise.all([...this.#ownPools, ...this.#extraPools.all].map(interruptPool))
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

  /** @param whenRested called when the tenants' statements have ended, while the catalog can be reached */
  async close(whenRested?: () => Promise<void>): Promise<void> {
    if (whenRested !== undefined) {
      await this.pool.end()
      await whenRested()
    }
    await Promise.all([
      ...[...this.#ownPools].filter((pool) => !pool.ending).map((pool) => pool.end()),
      this.#extraPools.close(),
      ...this.#watches.map((watch) => watch.close()),
    ])
    // The caller that needed the server has received the error when it did not start.
    const embedded = await this.#embedded?.catch(() => undefined)
    await embedded?.release()
  }

  /** What is configured, without the secrets. */
  get given(): { readonly isEmbedded: boolean; readonly hasDeploy: boolean; readonly hasLoginKey: boolean } {
    const { database, deploy, loginKeys } = this.#options
    return { isEmbedded: database === undefined, hasDeploy: deploy !== undefined, hasLoginKey: loginKeys.length > 0 }
  }

  get #ownPools(): Set<TenantPool> {
    return new Set([this.pool, this.sharedPool, this.#deployPool])
  }

  /** Tables of many tenants in the memory of a backend are no use to the application, so these connections are not its own. */
  #keptPool(shared: Binding, config: ClientConfig): TenantPool {
    return this.#extraPools.keep({ size: mostReaders, binder: unscopedBinder(shared, this.#scope), config })
  }

  #loginsOf(max: number): TenantPoolConfig['logins'] {
    return loginsOf(this.#options, max, this.#bindings.deploy.shared, this.#events.loginGenerationOf)
  }

  /** Closes the connections that are logged in as this role of a tenant: idle ones now, the others when they are given back. */
  endLogin(role: string): void {
    loginConnectionsOf(this.pool)?.endRole(role)
  }

  /** @param as absent: without a role, whatever the boundary */
  #workOn(pool: TenantPool, as: WorkBindings = this.#bindings.deploy): PoolWork {
    return new PoolWork({ pool, bindings: this.#bindings, as, scope: this.#scope })
  }

  async #send(pool: TenantPool, schema: string, text: string, foreign: string): Promise<void> {
    const binding = this.#bindings.ofSchema(schema)
    const loan = await connectFor(pool, binding)
    try {
      await loan.client.queryAround(binding, text, foreign)
    } finally {
      loan.release()
    }
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

/** The most connections that read in many tenants; callers use as many as they ask for. */
const mostReaders = 16

/** A call after a failure tries again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
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
