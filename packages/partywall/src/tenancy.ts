/**
 * What an application has of a tenancy. Its rooms are opened in tenancy-rooms.ts; here is what may be done with them: enter the scope of a tenant,
 * query, create tenants, migrate them, and find the tenant of a request.
 */
import type { Readable } from 'node:stream'
import { inspect } from 'node:util'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { PoolClient } from 'pg'
import type { AttackReport } from './attack/report.ts'
import type { AttackOptions } from './attack/run-attacks.ts'
import { recordAction, type Action } from './catalog/audit/record.ts'
import { catalogKey } from './catalog-key.ts'
import { observationKey } from './observation.ts'
import { isTenant } from './catalog/tenants/tenant-row.ts'
import type { OpenDatabase } from './database/open-database.ts'
import type { Probe } from './database/probe/probe.ts'
import type { TenantPool } from './database/pool/tenant-pool.ts'
import type { DoctorReport } from './doctor/doctor.ts'
import type { TenancyEvents } from './events.ts'
import { assertFunction, functionProblem } from './given-function.ts'
import { assertKnownKeys } from './known-keys.ts'
import { lookAgain } from './look-again.ts'
import type { Health } from './observe/health/health.ts'
import type { HealthOptions, HealthReport } from './observe/health/health-report.ts'
import type { FleetReport } from './types.ts'
import {
  eachTenant,
  forEachTenant,
  type ForEachEntry,
  type ForEachOptions,
  type ForEachParts,
  type TenantTurn,
} from './fleet/for-each.ts'
import type { SeedEntry, SeedOptions } from './lifecycle/steps/seed-fleet.ts'
import { Migrations } from './migrations/run/run.ts'
import type { Config } from './config/config.ts'
import type { TrialHost } from './migrations/trial/trial-parts.ts'
import { resolveOptions, type Options, type PublicOptions } from './config/options.ts'
import type { Settings } from './config/settings-option.ts'
import { createChain } from './resolve/chain.ts'
import type { RequestFacts, Resolution } from './ports/resolver.ts'
import { adoptionOf } from './tenancy-adopt.ts'
import { attackOf } from './tenancy-attack.ts'
import { actingAs, withActor } from './scope/acting.ts'
import { channelOf } from './scope/channel.ts'
import type { ScopeValue } from './scope/scope.ts'
import {
  boundaryApi,
  domainsApi,
  loginsApi,
  type BoundaryApi,
  type DatabaseApi,
  type DomainsApi,
  type LoginsApi,
  type RunInTenantOptions,
  type SessionOptions,
} from './tenancy-api.ts'
import { cloningOf, createTenant } from './tenancy-clone.ts'
import { examineBy } from './tenancy-doctor.ts'
import { dumpIn, loadIn, type DumpOptions, type DumpReport, type LoadOptions, type LoadReport } from './tenancy-fixtures.ts'
import { activatedWithoutDrift, driftIn, withDriftGate, type DriftOptions, type DriftReport } from './tenancy-drift.ts'
import { acrossOf, fleetParts, fleetWorkApi, type Across, type AcrossOptions, type FleetWorkApi } from './tenancy-fleet.ts'
import { openRooms, type Rooms } from './tenancy-rooms.ts'
import { auditApi, type AuditApi } from './tenancy-audit.ts'
import { membersApi, type MembersApi } from './tenancy-members.ts'
import { settingsApi, type SettingsApi } from './tenancy-settings.ts'
import { sharedApi, type SharedApi } from './tenancy-shared.ts'
import { fleetViewsApi, type FleetViewsApi } from './tenancy-views.ts'
import { templatesApi, type TemplatesApi } from './tenancy-templates.ts'
import { usageApi, type UsageApi } from './tenancy-usage.ts'
import { warmApi, type WarmApi } from './tenancy-warm.ts'
import { migrationsOfOne, tenantsApi, type TenantsApi } from './tenancy-tenants.ts'
import { trialHost } from './tenancy-trial.ts'
import type { Statement } from './sql/statement.ts'
import type { Attributes, Tenant, TenantRef } from './types.ts'

/** The database of a tenancy, for the command line. It is no property, so that a user does not find it. */
export let databaseOf: (tenancy: Tenancy<any, any>) => OpenDatabase

/** Appends an entry to the audit, for the command line. */
export let recordIn: (tenancy: Tenancy<any, any>, action: Action) => Promise<void>

/** Does only what it is asked for, makes no ready schemas in the background, and counts nothing: for the command line. */
export let keepQuiet: (tenancy: Tenancy<any, any>) => void

/** What makes databases of its own for migrations, for the command line. */
export let trialHostOf: (tenancy: Tenancy<any, any>) => TrialHost

export class Tenancy<A extends object = Attributes, I extends object = A, S extends object = Settings, SI extends object = S> {
  /** Without `database`, which may hold a password: see `tenancy.database`. */
  readonly options: PublicOptions
  /** The tenant of code outside every scope, where PARTYWALL_TENANT names one: in the programs that `partywall run` starts. */
  readonly startTenant: string | undefined
  readonly database: DatabaseApi
  readonly migrations: Migrations<A>
  readonly tenants: TenantsApi<A, I>
  readonly domains: DomainsApi
  readonly members: MembersApi<A>
  /** `tenancy.settings()` is what the current tenant is configured with. */
  readonly settings: SettingsApi<A, S, SI>
  readonly audit: AuditApi
  readonly templates: TemplatesApi
  readonly warm: WarmApi
  readonly usage: UsageApi
  readonly boundary: BoundaryApi
  readonly logins: LoginsApi
  readonly fleetWork: FleetWorkApi
  readonly shared: SharedApi
  readonly views: FleetViewsApi
  /** Resolves the facts of a request to a tenant, or says why not. Costs one lookup, mostly from the cache. */
  readonly resolve: (facts: RequestFacts) => Promise<Resolution<A>>
  /**
   * Runs every known attack of one tenant on another against this configuration, in throw-away tenants, which it removes. `ok` of the report says whether
   * everything held that the configured boundary promises. Takes seconds, on connections of its own. See docs/attack.md.
   * @example const { ok, attacks } = await tenancy.attack()
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_KIND, NOT_PERMITTED, DATABASE_UNREACHABLE; what an attack finds is in the report
   */
  readonly attack: (options?: AttackOptions) => Promise<AttackReport>
  readonly #rooms: Rooms<A>
  readonly #fleet: ForEachParts<A>
  #closed: Promise<void> | undefined
  #health: Promise<Health> | undefined

  static {
    databaseOf = (tenancy) => tenancy.#rooms.database
    recordIn = (tenancy, action) => recordAction(tenancy.#rooms.catalog, action)
    keepQuiet = (tenancy) => {
      tenancy.#rooms.background.isOff = true
      tenancy.#rooms.usage.stop()
    }
    trialHostOf = (tenancy) => trialHost(tenancy.#rooms, createTenancy)
  }

  constructor(options: Options) {
    const rooms = openRooms<A>(options)
    const { database, catalog, tenants } = rooms
    this.#rooms = rooms
    this.options = rooms.options
    this.startTenant = rooms.startTenant
    this.database = Object.freeze({
      isEmbedded: database.given.isEmbedded,
      connectionConfig: () => database.connectionConfig(),
    })
    this.domains = domainsApi(rooms)
    this.members = membersApi(rooms)
    this.settings = settingsApi<A, S, SI>(rooms)
    this.audit = auditApi(rooms)
    this.migrations = new Migrations<A>(
      async () => ({ ...withDriftGate(rooms), ...(await rooms.forWork()) }),
      catalog.deploy,
      trialHost(rooms, createTenancy),
    )
    const tenantsOf = tenantsApi<A, I>(
      tenants,
      (input) => createTenant(rooms, input),
      { ...rooms, migrations: migrationsOfOne(this.migrations) },
      rooms.forWork,
      { ...adoptionOf(rooms), clone: cloningOf(rooms) },
    )
    this.tenants = activatedWithoutDrift(rooms, tenantsOf)
    this.templates = templatesApi(rooms)
    this.warm = warmApi(rooms.forWork)
    this.usage = usageApi(rooms)
    this.boundary = boundaryApi({ ...rooms, deploy: database.deploy })
    this.logins = loginsApi({ ...rooms, deploy: catalog.deploy })
    this.#fleet = fleetParts(rooms)
    this.fleetWork = fleetWorkApi(rooms)
    this.shared = sharedApi(rooms)
    this.views = fleetViewsApi(rooms)
    this.attack = attackOf(rooms, this)
    this.resolve = createChain<A>(rooms.options.resolve, (refs) => tenants.findFirst(refs))
  }

  /**
   * The address of a path at a tenant, for mails and jobs: at its primary domain, else where byHost or byPath of the config finds it. Costs one query, and
   * one for the tenant when it is not in the cache.
   * @param path begins with one slash; default `/`
   * @example const link = await tenancy.url('acme', '/invitations/7') // https://acme.example.com/invitations/7
   * @throws TenancyError UNKNOWN_TENANT; INVALID_ARGUMENT for a path that leads elsewhere; INVALID_OPTION when no resolver says where the tenant is
   */
  async url(ref: TenantRef, path = '/'): Promise<string> {
    const { url } = await import(/* webpackMode: "eager" */ './tenancy-url.ts')
    return url(this.#rooms, ref, path)
  }

  /** For parts of the package that are imported on their own. */
  get [catalogKey](): unknown {
    return this.#rooms.catalog
  }

  /** For parts of the package that are imported on their own. */
  get [observationKey](): unknown {
    return this.#rooms.observation
  }

  /** One pool for all tenants, which is a pg.Pool. Each statement is bound to the scope in which it is issued. */
  get pool(): TenantPool {
    return this.#rooms.database.pool
  }

  /** A pool that is bound to the shared schema in every scope: for auth libraries, queues and start-up checks. */
  get sharedPool(): TenantPool {
    return this.#rooms.database.sharedPool
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
    return this.#rooms.tenants.get(ref).then((tenant) => this.#enter(tenant, fn, options))
  }

  /** Runs `fn` with the shared schema and no tenant. */
  async runShared<T>(fn: () => T): Promise<Awaited<T>> {
    assertFunction('tenancy.runShared', fn)
    return await this.#rooms.scope.runShared(async () => await fn())
  }

  /** The current tenant. @throws TenancyError NO_TENANT */
  current(): Tenant<A> {
    return this.#rooms.scope.current()
  }

  /** The current tenant, or undefined. */
  tryCurrent(): Tenant<A> | undefined {
    return this.#rooms.scope.tryCurrent()
  }

  /**
   * The current scope: that of a tenant, or the shared one; undefined outside every scope. Costs no query.
   * @example const key = tenancy.scope()?.kind === 'tenant' ? tenancy.current().id : 'shared'
   */
  scope(): ScopeValue<A> | undefined {
    return this.#rooms.scope.value()
  }

  /**
   * The name of a channel or room of the current scope, for what is not in its schema: LISTEN and NOTIFY, Redis, sockets, brokers. It begins with the id of the tenant, and
   * stays when the tenant is renamed. At most 63 bytes. Costs no query.
   * @param name 1 to 26 letters, digits, `_`, `-` and `.`
   * @example await tenancy.pool.query('select pg_notify($1, $2)', [tenancy.channel('orders'), String(order.id)])
   * @throws TenancyError NO_TENANT outside every scope, INVALID_ARGUMENT
   */
  channel(name: string): string {
    return channelOf(this.#rooms.scope.value(), name)
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
    return this.#rooms.scope.bind(withActor(fn))
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
    return this.run(ref, (tenant) => this.#rooms.database.session(tenant, fn), { ...options, allowInactive: true }) as Promise<T>
  }

  /**
   * Runs `fn` in every active tenant, or in those that the options select, a few at a time. The report has one entry per tenant.
   * @example const report = await tenancy.forEach((tenant) => tenancy.pool.query('select count(*) from projects'))
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND; not for failures in a tenant, which are in the report
   */
  async forEach<T>(
    fn: (tenant: Tenant<A>, turn: TenantTurn) => T,
    options?: ForEachOptions,
  ): Promise<FleetReport<ForEachEntry<Awaited<T>>>> {
    assertFunction('tenancy.forEach', fn)
    return forEachTenant(this.#fleet, (tenant, turn) => this.#enterTurn(tenant, (entered) => fn(entered, turn), options), options)
  }

  /**
   * As `forEach`, for fleets of any size: an entry comes as soon as its tenant has ended, and memory does not grow with the number of tenants. No further tenant
   * starts while the loop is busy with an entry; a loop that is left waits for those that have begun. Costs a query for 1,000 tenants.
   * @example for await (const { target, state } of tenancy.each(recompute, { resume: 'recompute-2026' })) console.log(target, state)
   * @throws TenancyError as `forEach`, with the first entry
   */
  each<T>(
    fn: (tenant: Tenant<A>, turn: TenantTurn) => T,
    options?: ForEachOptions,
  ): AsyncGenerator<ForEachEntry<Awaited<T>>, void, undefined> {
    assertFunction('tenancy.each', fn)
    return eachTenant(this.#fleet, (tenant, turn) => this.#enterTurn(tenant, (entered) => fn(entered, turn), options), options)
  }

  /**
   * Reads with one SELECT in every active tenant, or in those that the options select, in batches of 100 tenants. Each tenant's part runs as a statement of that tenant
   * would: with its tables, its role and its id, and it cannot write. Only outside of a tenant's scope. Costs one round trip for each batch, and two to begin it.
   * @example
   * const counts = tenancy.across<{ n: number }>(sql`select count(*)::int as n from projects where created_at > ${since}`)
   * for await (const { tenant, row } of counts) console.log(tenant.schema, row.n)
   * @throws TenancyError WRONG_TENANT in the scope of a tenant, INVALID_ARGUMENT; with the first row UNSAFE_STATEMENT for what is no single SELECT, and FLEET_FAILED
   */
  across<R extends object = Record<string, unknown>>(statement: Statement, options?: AcrossOptions): Across<R, A> {
    return acrossOf<R, A>(this.#rooms, statement, options)
  }

  /**
   * Runs seeds in tenants that exist: a set, or those that every new tenant gets. Each runs once for each tenant, in one transaction with its record. The
   * report has one entry per tenant. Costs a connection for each tenant at a time, and two transactions for each seed.
   * @example const report = await tenancy.seed({ tenants: 'acme', set: 'demo' })
   * @throws TenancyError INVALID_ARGUMENT, INVALID_SEED, UNKNOWN_TENANT, UNKNOWN_KIND; not for failures in a tenant, which are in the report
   */
  async seed(options: SeedOptions): Promise<FleetReport<SeedEntry>> {
    const { steps } = await this.#rooms.forWork()
    return steps.seed(options)
  }

  /**
   * Calls `listener` at each event of this name. Returns a function that removes the listener. An error of the listener becomes a warning.
   * @example tenancy.on('tenant.created', ({ tenant }) => console.log(tenant.schema))
   * @throws TenancyError INVALID_ARGUMENT for an event that does not exist
   */
  on<E extends keyof TenancyEvents<A>>(event: E, listener: (payload: TenancyEvents<A>[E]) => unknown): () => void {
    return this.#rooms.events.on(event, listener)
  }

  /**
   * Resolves when the database answers and the catalog is installed. Not needed before use; good in a start-up check. With the option `warm` it
   * also begins to make ready schemas in the background. Under PARTYWALL_TENANT, `current()` has its tenant from then on.
   * @throws TenancyError DATABASE_UNREACHABLE, CATALOG_MISSING, CATALOG_NEWER, EMBEDDED_FAILED; UNKNOWN_TENANT for the one of PARTYWALL_TENANT
   */
  async ready(): Promise<void> {
    await this.#rooms.catalog.ready()
    await this.#rooms.scope.arriving()
    if (Object.keys(this.options.warm.size).length > 0) (await this.#rooms.forWork()).warm.start()
  }

  /**
   * Checks the route to the server before an application trusts it: what is in between (nothing, or a pooler and its mode), the
   * version, and whether two tenants stay apart on it, proven with two temporary schemas. Good in a start-up check or a deploy step.
   * Costs up to five connections of its own and about 400 round trips; takes no locks that other sessions wait for.
   * @example const { route, isolation } = await tenancy.probe() // { kind: 'pooler', mode: 'transaction' }, { proven: true, … }
   * @throws TenancyError UNSAFE_SETUP with the reason, DATABASE_UNREACHABLE
   */
  probe(): Promise<Probe> {
    return this.#rooms.database.probe()
  }

  /**
   * Says whether this process can serve: whether the catalog answers, connections are free, changes of tenants are seen, and schemas have their migrations. States and
   * numbers only. Never rejects because of the database. At most one question is on its way; answers are kept for 1 s, those about migrations for 60 s.
   * @example const { status, checks } = await tenancy.health()
   * @throws TenancyError INVALID_ARGUMENT
   */
  async health(options?: HealthOptions): Promise<HealthReport> {
    this.#health ??= import(/* webpackMode: "eager" */ './tenancy-health.ts').then(({ healthOf }) => healthOf(this.#rooms))
    // The questions belong to no request, although one of them asks first.
    const health = await this.#health
    return this.#rooms.scope.runOutside(() => health.report(options))
  }

  /**
   * Looks at the live database, and says what is not as it should be, with how to fix it: roles and grants, migrations, indexes, sequences, and
   * what the server has room for. Changes nothing. Costs about 70 statements, whatever the number of tenants, one after the other on a
   * connection of its own, each with a time limit of 10 s. What cannot be examined is a finding, too.
   * @example const { ok, findings } = await tenancy.doctor()
   */
  async doctor(): Promise<DoctorReport> {
    return examineBy(this.#rooms)
  }

  /**
   * Compares each tenant with what its own migrations give, and reports what differs, with SQL that repairs it. What is pending is no drift. Costs
   * three statements for 100 tenants, on up to 4 connections; once for each history also a schema that is made and rolled back. See docs/drift.md.
   * @example const { ok, tenants } = await tenancy.drift({ exclude: 'audit_*' })
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND
   */
  async drift(options: DriftOptions = {}): Promise<DriftReport> {
    return driftIn(this.#rooms, options)
  }

  /**
   * Writes the rows of tenants, of the shared schema, or of both to a file or a stream: readable, in the order of the foreign keys, in one snapshot. Each
   * object names its tenant. Costs one connection until the end; memory stays the same whatever the size. See docs/fixtures.md.
   * @example await tenancy.dump({ tenants: 'acme', output: 'acme.json' })
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, INVALID_TENANT_MOVE, TENANT_LOCKED, NOT_PERMITTED, SCHEMA_MISSING
   */
  async dump(options: DumpOptions): Promise<DumpReport> {
    return dumpIn(this.#rooms, options)
  }

  /**
   * Loads a file that `dump` or a person has written: each object into the tenant that it names, or all of one tenant into another one. All of the file is
   * checked before a row is written, and each tenant is one transaction. Costs one connection; a stream is written to a temporary file first.
   * @param source the path of a file, or of a folder of CSV; or a stream
   * @example await tenancy.load('acme.json', { tenant: 'demo' })
   * @throws TenancyError INVALID_ARGUMENT, INVALID_FIXTURES, UNKNOWN_TENANT, INVALID_TENANT_MOVE; what fails in a tenant is in the report, with LOAD_FAILED
   */
  async load(source: string | Readable, options: LoadOptions = {}): Promise<LoadReport> {
    return loadIn(this.#rooms, source, options)
  }

  /**
   * Stores what tenants have used, where that is counted. Closes the pools when all clients are released, what `settings.perTenant` keeps when its uses have
   * ended, and the connection that watches for changes. Stops the embedded server when no other
   * process uses it. A second call returns the same promise.
   */
  close(): Promise<void> {
    this.#rooms.closing.abort(closingReason)
    this.#closed ??= Promise.all([this.#rooms.settings.close(), this.#close()]).then(() => undefined)
    return this.#closed
  }

  async #close(): Promise<void> {
    const { database, usage, options } = this.#rooms
    if (options.usage === undefined) return database.close()
    await database.close(async () => {
      usage.stop()
      await usage.flush(true).catch(warnOfUsage)
    })
  }

  /** `await using tenancy = createTenancy(config)` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** For partywall/testing: nothing counts any more that was seen in a transaction which was rolled back. */
  [lookAgain](): Promise<void> {
    return this.#rooms.tenants.lookAgain()
  }

  #enterTurn<T>(tenant: Tenant<A>, fn: (tenant: Tenant<A>) => T, options: ForEachOptions | undefined): Promise<Awaited<T>> {
    return this.run(tenant, fn, { allowInactive: true, repair: options?.repair })
  }

  #enter<T>(tenant: Tenant<A>, fn: (tenant: Tenant<A>) => T, options: RunInTenantOptions | undefined): Promise<Awaited<T>> {
    return this.#rooms.scope.run(tenant, async (): Promise<Awaited<T>> => {
      if (options !== undefined) assertKnownKeys('run', options, ['allowInactive', 'repair'])
      const asking = this.#rooms.entry.assertMayEnter(tenant, options)
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

function warnOfUsage(error: unknown): void {
  process.emitWarning(
    `What tenants used since the last time it was stored could not be stored at the end: ${String(error)}. See docs/errors.md#PARTYWALL_USAGE_LOST`,
    { code: 'PARTYWALL_USAGE_LOST' },
  )
}

const closingReason = new Error('The tenancy is being closed.')

/**
 * Creates a tenancy from a config. Does no I/O: the first use connects, and installs the catalog where it is missing.
 * @example
 * const tenancy = createTenancy({ database: process.env.DATABASE_URL, resolve: [byHost({ base: 'example.com' })] })
 * @throws TenancyError INVALID_OPTION
 */
export function createTenancy<
  const S extends StandardSchemaV1<any, object> = StandardSchemaV1<any, Attributes>,
  const T extends StandardSchemaV1<any, object> = StandardSchemaV1<any, Settings>,
>(
  config: Config<S, T> = {},
): Tenancy<
  StandardSchemaV1.InferOutput<S>,
  StandardSchemaV1.InferInput<S>,
  StandardSchemaV1.InferOutput<T>,
  StandardSchemaV1.InferInput<T>
> {
  return new Tenancy(resolveOptions(config))
}
