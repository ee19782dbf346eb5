/**
 * createTenancy wires the rooms: the scope holds the current tenant, the database binds each statement to it, the catalog stores the
 * tenants, provisioning creates them, migrations give them their tables, and the chain of resolvers finds the tenant of a request.
 */
import { inspect } from 'node:util'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { PoolClient } from 'pg'
import type { AttackReport } from './attack/report.ts'
import type { AttackOptions } from './attack/run-attacks.ts'
import { recordAction, type Action } from './catalog/audit/record.ts'
import { Catalog } from './catalog/catalog.ts'
import { Access } from './catalog/roles/access.ts'
import { Domains } from './catalog/domains/domains.ts'
import { checkedSelection } from './catalog/tenants/selection.ts'
import { isTenant } from './catalog/tenants/tenant-row.ts'
import { Tenants } from './catalog/tenants/tenants.ts'
import { OpenDatabase } from './database/open-database.ts'
import { connectPlainly } from './database/plain-connection.ts'
import type { Probe } from './database/probe/probe.ts'
import type { TenantPool } from './database/pool/tenant-pool.ts'
import type { DoctorReport } from './doctor/doctor.ts'
import type { DoctorParts } from './doctor/open-context.ts'
import { Events, type TenancyEvents } from './events.ts'
import { assertFunction, functionProblem } from './given-function.ts'
import { assertKnownKeys } from './known-keys.ts'
import type { FleetReport } from './types.ts'
import { forEachTenant, type ForEachEntry, type ForEachOptions } from './fleet/for-each.ts'
import { BoundaryWork } from './lifecycle/boundary/boundaries.ts'
import { Logins } from './lifecycle/logins/logins.ts'
import { rotateLogins } from './lifecycle/rotate-logins.ts'
import { Entry } from './lifecycle/entry/entry.ts'
import { provision } from './lifecycle/provision.ts'
import { Migrations } from './migrations/run/run.ts'
import { migrationSources, sourceOfKind, type MigrationSources } from './migrations/sources/sources.ts'
import type { Config } from './config/config.ts'
import type { TrialHost } from './migrations/trial/trial-parts.ts'
import { resolveOptions, type Options, type PublicOptions } from './config/options.ts'
import { tenantRole } from './names/role-name.ts'
import { createChain } from './resolve/chain.ts'
import type { RequestFacts, Resolution } from './ports/resolver.ts'
import { attackOf } from './tenancy-attack.ts'
import { actingAs, withActor } from './scope/acting.ts'
import { Scope, type ScopeValue } from './scope/scope.ts'
import {
  boundaryApi,
  domainsApi,
  loginsApi,
  tenantsApi,
  type BoundaryApi,
  type DatabaseApi,
  type DomainsApi,
  type LoginsApi,
  type RunInTenantOptions,
  type SessionOptions,
  type TenantsApi,
} from './tenancy-api.ts'
import { identityOf } from './tenant-identity.ts'
import type { Attributes, Tenant, TenantRef, TenantSelection } from './types.ts'

/** The database of a tenancy, for the command line. It is no property, so that a user does not find it. */
export let databaseOf: (tenancy: Tenancy<any, any>) => OpenDatabase

/** Appends an entry to the audit, for the command line. */
export let recordIn: (tenancy: Tenancy<any, any>, action: Action) => Promise<void>

/** What makes databases of its own for migrations, for the command line. */
export let trialHostOf: (tenancy: Tenancy<any, any>) => TrialHost

export class Tenancy<A extends object = Attributes, I extends object = A> {
  /** Without `database`, which may hold a password: see `tenancy.database`. */
  readonly options: PublicOptions
  readonly database: DatabaseApi
  readonly migrations: Migrations<A>
  readonly tenants: TenantsApi<A, I>
  readonly domains: DomainsApi
  readonly boundary: BoundaryApi
  readonly logins: LoginsApi
  /** Resolves the facts of a request to a tenant, or says why not. Costs one lookup, mostly from the cache. */
  readonly resolve: (facts: RequestFacts) => Promise<Resolution<A>>
  /** Runs every known attack of one tenant on another against this configuration, in throw-away tenants. Takes seconds. See docs/attack.md. */
  readonly attack: (options?: AttackOptions) => Promise<AttackReport>
  readonly #scope = new Scope<A>()
  readonly #events = new Events<A>()
  readonly #database: OpenDatabase
  readonly #store: Tenants<A>
  readonly #catalog: Catalog
  readonly #sources: MigrationSources
  readonly #entry: Entry<A>
  readonly #doctorParts: DoctorParts
  #closed: Promise<void> | undefined

  static {
    databaseOf = (tenancy) => tenancy.#database
    recordIn = (tenancy, action) => recordAction(tenancy.#catalog, action)
    trialHostOf = (tenancy) => tenancy.#trialHost()
  }

  constructor({ database, deploy, loginKeys, ...options }: Options) {
    this.options = Object.freeze(options)
    this.#database = new OpenDatabase({ ...options, database, deploy, loginKeys }, this.#scope, {
      onDiscard: (reason) => void this.#events.emit('connection.discarded', { reason }),
      onTamper: (tampering) => void this.#events.emit('connection.tampered', tampering),
      loginGenerationOf: async (id) => {
        const tenant = await this.#store.lookUp(id)
        return (tenant && identityOf(tenant)?.loginGeneration) ?? undefined
      },
      onProgress: (line) => {
        if (!this.#events.emit('embedded.progress', { line })) process.stderr.write(`${line}\n`)
      },
    })
    this.database = Object.freeze({
      isEmbedded: database === undefined,
      connectionConfig: () => this.#database.connectionConfig(),
    })
    const access = new Access(this.#database, options, deploy === undefined, loginKeys[0])
    this.#catalog = new Catalog({
      database: this.#database,
      deploy: this.#database.deploy,
      access,
      sharedSchema: options.sharedSchema,
    })
    const endLogin = (tenantId: string): void => this.#database.endLogin(tenantRole(tenantId))
    this.#store = new Tenants<A>(this.#catalog, options, this.#events, (watch) => this.#database.watch(watch), endLogin)
    const domains = new Domains<A>(this.#catalog, this.#store, this.#events)
    this.#sources = migrationSources(options)
    const parts = { catalog: this.#catalog, access, tenants: this.#store, domains, sources: this.#sources, options, endLogin }
    this.migrations = new Migrations<A>({ ...parts, events: this.#events }, this.#catalog.deploy, this.#trialHost())
    this.boundary = boundaryApi(new BoundaryWork({ ...parts, deploy: this.#database.deploy }), (rotateOptions) =>
      rotateLogins(parts, rotateOptions),
    )
    this.logins = loginsApi(new Logins({ ...parts, deploy: this.#catalog.deploy, database: this.#database }))
    this.#entry = new Entry<A>({ ...parts, events: this.#events })
    const { deploy: byDeploy, login } = this.#database
    this.#doctorParts = {
      deploy: byDeploy,
      login,
      options,
      hasDeploy: deploy !== undefined,
      isEmbedded: database === undefined,
      route: () => this.#database.route(),
      statuses: (query) => {
        // The catalog with other statements: the doctor must not install it.
        const catalog: Catalog = Object.assign(Object.create(this.#catalog), { query })
        const tenants = new Tenants<A>(catalog, { ...options, tenantCacheMs: 0 }, this.#events)
        return new Migrations<A>({ ...parts, tenants, catalog, events: this.#events }, this.#catalog.deploy).status()
      },
    }
    this.tenants = tenantsApi(this.#store, (input) => provision(parts, input))
    this.attack = attackOf({ ...parts, database: this.#database, scope: this.#scope, tenancy: this })
    this.domains = domainsApi(domains)
    this.resolve = createChain<A>(options.resolve, (ref) => this.#store.find(ref))
  }

  /** One pool for all tenants, which is a pg.Pool. Each statement is bound to the scope in which it is issued. */
  get pool(): TenantPool {
    return this.#database.pool
  }

  /** A pool that is bound to the shared schema in every scope: for auth libraries, queues and start-up checks. */
  get sharedPool(): TenantPool {
    return this.#database.sharedPool
  }

  /**
   * Runs `fn` in the scope of a tenant: all that it queries through `pool` goes to the tenant's schema. Nothing stays behind.
   * Costs no query for a Tenant, one lookup (mostly from the cache) for a reference; and one query for all tenants in `tenantCacheMs`. A Tenant
   * is checked against what this process knows by now, so a kept object does not enter a tenant that was suspended, deleted or renamed since.
   * @example await tenancy.run('acme', () => tenancy.pool.query('select * from projects'))
   * @throws TenancyError UNKNOWN_TENANT, TENANT_SUSPENDED, TENANT_MAINTENANCE, TENANT_CHANGED, NAME_IN_BOTH_SCOPES, TENANT_BEHIND
   */
  run<T>(ref: Tenant<A> | TenantRef, fn: (tenant: Tenant<A>) => T, options?: RunInTenantOptions): Promise<Awaited<T>> {
    const problem = functionProblem('tenancy.run', fn)
    if (problem !== undefined) return Promise.reject(problem)
    if (isTenant<A>(ref)) return this.#enter(ref, fn, options)
    return this.#store.get(ref).then((tenant) => this.#enter(tenant, fn, options))
  }

  /** Runs `fn` with the shared schema and no tenant. */
  async runShared<T>(fn: () => T): Promise<Awaited<T>> {
    assertFunction('tenancy.runShared', fn)
    return await this.#scope.runShared(async () => await fn())
  }

  /** The current tenant. @throws TenancyError NO_TENANT */
  current(): Tenant<A> {
    return this.#scope.current()
  }

  /** The current tenant, or undefined. */
  tryCurrent(): Tenant<A> | undefined {
    return this.#scope.tryCurrent()
  }

  /**
   * The current scope: that of a tenant, or the shared one; undefined outside every scope. Costs no query.
   * @example const key = tenancy.scope()?.kind === 'tenant' ? tenancy.current().id : 'shared'
   */
  scope(): ScopeValue<A> | undefined {
    return this.#scope.value()
  }

  /**
   * Runs `fn` on behalf of an actor: what it changes through this tenancy is recorded with that name. Without it the audit names the role that
   * the connection logs in as. Calls may be nested: the innermost actor counts. Costs no query.
   * @param actor 1 to 200 characters, without control characters; rather an id than a name
   * @example await tenancy.actingAs('user:42', () => tenancy.tenants.suspend('acme'))
   * @throws TenancyError INVALID_ARGUMENT
   */
  async actingAs<T>(actor: string, fn: () => T): Promise<Awaited<T>> {
    assertFunction('tenancy.actingAs', fn)
    return await actingAs(actor, fn)
  }

  /** A function that runs `fn` in the current scope and for the current actor, whenever it is called: for sockets, timers and event listeners. */
  bind<Args extends unknown[], R>(fn: (...args: Args) => R): (...args: Args) => R {
    assertFunction('tenancy.bind', fn)
    return this.#scope.bind(withActor(fn))
  }

  /**
   * Gives `fn` a connection that is bound to the tenant for its whole life, for statements that cannot be bound one by one: VACUUM,
   * CREATE INDEX CONCURRENTLY, CALL of a procedure that commits. The connection is closed afterwards. `fn` runs in the scope.
   * @example await tenancy.session('acme', (client) => client.query('vacuum projects'))
   * @throws TenancyError UNKNOWN_TENANT, SCHEMA_MISSING, NAME_IN_BOTH_SCOPES, TENANT_BEHIND; UNSAFE_STATEMENT behind a pooler
   */
  async session<T>(ref: Tenant<A> | TenantRef, fn: (client: PoolClient) => Promise<T>, options: SessionOptions = {}): Promise<T> {
    assertFunction('tenancy.session', fn)
    assertKnownKeys('session', options, ['repair'])
    return this.run(ref, (tenant) => this.#database.session(tenant, fn), { ...options, allowInactive: true }) as Promise<T>
  }

  /**
   * Runs `fn` in every active tenant, or in those that the options select, a few at a time. The report has one entry per tenant.
   * @example const report = await tenancy.forEach((tenant) => tenancy.pool.query('select count(*) from projects'))
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND; not for failures in a tenant, which are in the report
   */
  async forEach<T>(fn: (tenant: Tenant<A>) => T, options?: ForEachOptions): Promise<FleetReport<ForEachEntry<Awaited<T>>>> {
    assertFunction('tenancy.forEach', fn)
    return forEachTenant(
      (selection) => this.#select(selection),
      (tenant) => this.run(tenant, fn, { allowInactive: true, repair: options?.repair }),
      options,
    )
  }

  /**
   * Calls `listener` at each event of this name. Returns a function that removes the listener. An error of the listener becomes a warning.
   * @example tenancy.on('tenant.created', ({ tenant }) => console.log(tenant.schema))
   * @throws TenancyError INVALID_ARGUMENT for an event that does not exist
   */
  on<E extends keyof TenancyEvents<A>>(event: E, listener: (payload: TenancyEvents<A>[E]) => unknown): () => void {
    return this.#events.on(event, listener)
  }

  /**
   * Resolves when the database answers and the catalog is installed. Not needed before use; good in a start-up check.
   * @throws TenancyError DATABASE_UNREACHABLE, CATALOG_MISSING, CATALOG_NEWER, EMBEDDED_FAILED
   */
  ready(): Promise<void> {
    return this.#catalog.ready()
  }

  /**
   * Checks the route to the server before an application trusts it: what is in between (nothing, or a pooler and its mode), the
   * version, and whether two tenants stay apart on it, proven with two temporary schemas. Good in a start-up check or a deploy step.
   * Costs up to five connections of its own and about 400 round trips; takes no locks that other sessions wait for.
   * @example const { route, isolation } = await tenancy.probe() // { kind: 'pooler', mode: 'transaction' }, { proven: true, … }
   * @throws TenancyError UNSAFE_SETUP with the reason, DATABASE_UNREACHABLE
   */
  probe(): Promise<Probe> {
    return this.#database.probe()
  }

  /**
   * Looks at the live database, and says what is not as it should be, with how to fix it: roles and grants, migrations, indexes, sequences, and
   * what the server has room for. Changes nothing. Costs about 70 statements, whatever the number of tenants, one after the other on a
   * connection of its own, each with a time limit of 10 s. What cannot be examined is a finding, too.
   * @example const { ok, findings } = await tenancy.doctor()
   */
  async doctor(): Promise<DoctorReport> {
    // Loaded only here: an application runs without it.
    const { examine } = await import(/* webpackMode: "eager" */ './doctor/doctor.ts')
    return examine(this.#doctorParts)
  }

  /**
   * Closes the pools when all clients are released, and the connection that watches for changes. Stops the embedded server when no other
   * process uses it. A second call returns the same promise.
   */
  close(): Promise<void> {
    this.#closed ??= this.#database.close()
    return this.#closed
  }

  /** `await using tenancy = createTenancy(config)` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** A trial of migrations opens tenancies in databases of its own, with what the configuration says about schemas, and nothing else of it. */
  #trialHost(): TrialHost {
    const { options } = this
    const { root, migrations, sharedSchema, includeShared, extraSearchPath } = options
    const schemas = { root, sharedSchema, includeShared, extraSearchPath }
    return {
      options: { ...schemas, migrations },
      connect: connectPlainly,
      server: async ({ server, embedded }) => {
        if (server === undefined && embedded !== true)
          return { config: await this.#database.connectionConfig(), release: async () => {} }
        const other = createTenancy({ root, ...(embedded !== true && { database: server }) })
        return { config: await other.database.connectionConfig(), release: () => other.close() }
      },
      open: (database, { shared, tenant }) =>
        createTenancy({ ...schemas, database, migrations: { ...migrations, shared, tenant }, tenantCacheMs: 0 }),
    }
  }

  async #select(selection: TenantSelection): Promise<Tenant<A>[]> {
    const checked = checkedSelection('forEach', selection, ['active'])
    for (const kind of checked.kinds ?? []) sourceOfKind(this.#sources, kind)
    return this.#store.select(checked, true)
  }

  #enter<T>(tenant: Tenant<A>, fn: (tenant: Tenant<A>) => T, options: RunInTenantOptions | undefined): Promise<Awaited<T>> {
    return this.#scope.run(tenant, async (): Promise<Awaited<T>> => {
      if (options !== undefined) assertKnownKeys('run', options, ['allowInactive', 'repair'])
      const asking = this.#entry.assertMayEnter(tenant, options)
      if (asking !== undefined) await asking
      // Awaited inside the scope: a lazy query builder sends its statement only when it is awaited.
      return await fn(tenant)
    })
  }

  /** In a log or a console: nothing that may hold a password. */
  [inspect.custom](): string {
    return `Tenancy { sharedSchema: ${JSON.stringify(this.options.sharedSchema)}, isEmbedded: ${this.database.isEmbedded} }`
  }
}

/**
 * Creates a tenancy from a config. Does no I/O: the first use connects, and installs the catalog where it is missing.
 * @example
 * const tenancy = createTenancy({ database: process.env.DATABASE_URL, resolve: [byHost({ base: 'example.com' })] })
 * @throws TenancyError INVALID_OPTION
 */
export function createTenancy<const S extends StandardSchemaV1<any, object> = StandardSchemaV1<any, Attributes>>(
  config: Config<S> = {},
): Tenancy<StandardSchemaV1.InferOutput<S>, StandardSchemaV1.InferInput<S>> {
  return new Tenancy(resolveOptions(config))
}
