/**
 * createTenancy wires the rooms: the scope holds the current tenant, the database binds each statement to it, the catalog stores the
 * tenants, provisioning creates them, migrations give them their tables, and the chain of resolvers finds the tenant of a request.
 */
import { inspect } from 'node:util'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ClientConfig, PoolClient } from 'pg'
import { Catalog } from './catalog/catalog.ts'
import { Domains, type DomainListOptions } from './catalog/domains/domains.ts'
import { checkedSelection } from './catalog/tenants/selection.ts'
import type { TenantFilter, TenantListOptions } from './catalog/tenants/tenant-list.ts'
import { isTenant } from './catalog/tenants/tenant-row.ts'
import { Tenants, type TenantChanges } from './catalog/tenants/tenants.ts'
import { OpenDatabase } from './database/open-database.ts'
import type { Probe } from './database/probe/probe.ts'
import type { TenantPool } from './database/pool/tenant-pool.ts'
import { TenancyError } from './errors.ts'
import { Events, type TenancyEvents } from './events.ts'
import { assertKnownKeys } from './known-keys.ts'
import type { FleetReport } from './types.ts'
import { forEachTenant, type ForEachEntry, type ForEachOptions } from './fleet/for-each.ts'
import { provision, type NewTenant } from './lifecycle/provision.ts'
import { Migrations } from './migrations/run/run.ts'
import { migrationSources, sourceOfKind, type MigrationSources } from './migrations/sources/sources.ts'
import type { Config } from './config/config.ts'
import { resolveOptions, type Options, type PublicOptions } from './config/options.ts'
import { createChain } from './resolve/chain.ts'
import type { RequestFacts, Resolution } from './ports/resolver.ts'
import { Scope } from './scope/scope.ts'
import type { Attributes, Domain, Tenant, TenantRef, TenantSelection } from './types.ts'

/** `tenancy.tenants`. `I` is what the schema of the attributes takes, `A` what it returns. */
export interface TenantsApi<A extends object, I extends object> {
  /**
   * Creates a tenant that is complete and active as soon as it can be seen. After an error, and after a kill of this process, nothing is
   * left. When two calls create the same tenant at the same time, one succeeds.
   *
   * Costs one transaction on one connection: a query each for the row, the schema and the domains, and the tenant migrations of its
   * kind. Other calls that create the same schema or domain wait until it ends.
   * @example await tenancy.tenants.create({ schema: 'acme', name: 'Acme Inc.', domains: ['acme.example.com'] })
   * @throws TenancyError INVALID_SCHEMA_NAME, INVALID_TENANT_NAME, INVALID_DOMAIN, INVALID_ATTRIBUTES, UNKNOWN_KIND, INVALID_ARGUMENT,
   * INVALID_MIGRATION before the database is changed; SCHEMA_EXISTS, DOMAIN_EXISTS, MIGRATION_FAILED, and INVALID_MIGRATION for a change of
   * shared objects, after which everything is rolled back
   */
  create(input: NewTenant<I>): Promise<Tenant<A>>
  /**
   * The tenant that `ref` names; as `find`, but the tenant must exist.
   * @example const acme = await tenancy.tenants.get('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF
   */
  get(ref: TenantRef): Promise<Tenant<A>>
  /**
   * The tenant that `ref` names, or undefined. The answer may be as old as `tenantCacheMs`, but changes made through this tenancy
   * object are seen at once. Costs one query when the answer is not in the cache; concurrent calls share it.
   * @example const tenant = await tenancy.tenants.find({ domain: 'acme.example.com' })
   * @throws TenancyError INVALID_TENANT_REF for what is neither text nor an object with an id, a schema or a domain
   */
  find(ref: TenantRef): Promise<Tenant<A> | undefined>
  /**
   * One page of tenants, at most `limit`. The next page starts after the last tenant of this one. Costs one query, and one for a cursor
   * that is not a Tenant; never from the cache.
   * @example
   * const page = await tenancy.tenants.list({ status: 'active', limit: 50 })
   * const next = await tenancy.tenants.list({ status: 'active', limit: 50, cursor: page.at(-1) })
   * @throws TenancyError INVALID_ARGUMENT; UNKNOWN_TENANT for a cursor that names no tenant
   */
  list(options?: TenantListOptions): Promise<Tenant<A>[]>
  /**
   * Every tenant that fits the filter, sorted by schema, in pages of 1000: memory does not grow with the number of tenants. One query for
   * each page. A tenant that is created during the walk may be left out; no tenant comes twice.
   * @example for await (const tenant of tenancy.tenants.each({ kinds: 'enterprise' })) console.log(tenant.schema)
   * @throws TenancyError INVALID_ARGUMENT
   */
  each(filter?: TenantFilter): AsyncGenerator<Tenant<A>, void, undefined>
  /**
   * Changes the name and the attributes of a tenant. The given attributes are merged into the stored ones, and the result is
   * validated. Concurrent updates of one tenant run one after another. Costs one transaction with two queries.
   * @example await tenancy.tenants.update('acme', { attributes: { plan: 'pro' } })
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ATTRIBUTES, INVALID_TENANT_NAME, INVALID_ARGUMENT
   */
  update(ref: TenantRef, changes: TenantChanges<A>): Promise<Tenant<A>>
  /**
   * New requests to the tenant get 403, and `run` refuses it. Running requests are not interrupted. Costs one query.
   * @example await tenancy.tenants.suspend('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF
   */
  suspend(ref: TenantRef): Promise<Tenant<A>>
  /**
   * Ends a suspension or a maintenance. Costs one query.
   * @example await tenancy.tenants.activate('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF
   */
  activate(ref: TenantRef): Promise<Tenant<A>>
  /**
   * New requests to the tenant get 503 with Retry-After until `activate`, and `run` refuses it. Costs one query.
   * @example await tenancy.tenants.setMaintenance('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_TENANT_REF
   */
  setMaintenance(ref: TenantRef): Promise<Tenant<A>>
}

/** `tenancy.domains`. */
export interface DomainsApi {
  /**
   * Adds a domain to a tenant. The first domain of a tenant becomes its primary one; with `primary` this one replaces the current primary.
   * Costs one transaction with three to five queries.
   * @example await tenancy.domains.add('acme', 'polls.acme.com', { primary: true })
   * @throws TenancyError INVALID_DOMAIN, DOMAIN_EXISTS, UNKNOWN_TENANT
   */
  add(ref: TenantRef, domain: string, options?: { readonly primary?: boolean | undefined }): Promise<Domain>
  /**
   * Removes a domain from its tenant. The primary domain can be removed only when it is the last one. Costs one transaction with three queries.
   * @example await tenancy.domains.remove('acme', 'old.acme.com')
   * @throws TenancyError UNKNOWN_DOMAIN when this tenant has no such domain; PRIMARY_DOMAIN for the primary one while there are others
   */
  remove(ref: TenantRef, domain: string): Promise<void>
  /**
   * Makes this domain primary. The switch is atomic: there is always exactly one. Costs one transaction with three queries.
   * @example await tenancy.domains.setPrimary('acme', 'polls.acme.com')
   * @throws TenancyError UNKNOWN_DOMAIN when this tenant has no such domain, INVALID_DOMAIN, UNKNOWN_TENANT
   */
  setPrimary(ref: TenantRef, domain: string): Promise<Domain>
  /**
   * The domains of a tenant, the primary one first; without a tenant one page of the domains of all, sorted by name. The next page
   * starts after the last domain of this one. Costs one query, and one for the tenant when it is not in the cache.
   * @example const [primary] = await tenancy.domains.list('acme')
   * @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  list(ref?: TenantRef, options?: DomainListOptions): Promise<Domain[]>
  /**
   * Every domain of every tenant, sorted by name, in pages of 1000. One query for each page.
   * @example for await (const { domain } of tenancy.domains.each()) console.log(domain)
   */
  each(): AsyncGenerator<Domain, void, undefined>
}

/** `tenancy.database`. */
export interface DatabaseApi {
  /** Whether the embedded PostgreSQL is used, because the config names no other server. */
  readonly isEmbedded: boolean
  /**
   * How to connect to the database, with the password if there is one, for programs that connect by themselves. Starts the embedded
   * server if it is used.
   * @example const client = new pg.Client(await tenancy.database.connectionConfig())
   * @throws TenancyError EMBEDDED_FAILED
   */
  connectionConfig(): Promise<ClientConfig>
}

export interface RunInTenantOptions {
  /** Also enters a tenant that is suspended, archived or in maintenance: for operators and repairs. @default false */
  readonly allowInactive?: boolean | undefined
}

export class Tenancy<A extends object = Attributes, I extends object = A> {
  /** Without `database`, which may hold a password: see `tenancy.database`. */
  readonly options: PublicOptions
  readonly database: DatabaseApi
  readonly migrations: Migrations<A>
  readonly tenants: TenantsApi<A, I>
  readonly domains: DomainsApi
  /** Resolves the facts of a request to a tenant, or says why not. Costs one lookup, mostly from the cache. */
  readonly resolve: (facts: RequestFacts) => Promise<Resolution<A>>
  readonly #scope = new Scope<A>()
  readonly #events = new Events<A>()
  readonly #database: OpenDatabase
  readonly #store: Tenants<A>
  readonly #catalog: Catalog
  readonly #sources: MigrationSources
  #closed: Promise<void> | undefined

  constructor({ database, ...options }: Options) {
    this.options = Object.freeze(options)
    this.#database = new OpenDatabase({ ...options, database }, this.#scope, {
      onDiscard: (reason) => void this.#events.emit('connection.discarded', { reason }),
      onTamper: (tampering) => void this.#events.emit('connection.tampered', tampering),
      onProgress: (line) => {
        if (!this.#events.emit('embedded.progress', { line })) process.stderr.write(`${line}\n`)
      },
    })
    this.database = Object.freeze({
      isEmbedded: database === undefined,
      connectionConfig: () => this.#database.connectionConfig(),
    })
    this.#catalog = new Catalog(this.#database, options)
    this.#store = new Tenants<A>(this.#catalog, options, this.#events)
    const domains = new Domains<A>(this.#catalog, this.#store, this.#events)
    this.#sources = migrationSources(options)
    const parts = { catalog: this.#catalog, tenants: this.#store, domains, sources: this.#sources, options }
    this.migrations = new Migrations<A>({ ...parts, events: this.#events })
    this.tenants = tenantsApi(this.#store, (input) => provision(parts, input))
    this.domains = {
      add: (ref, name, addOptions) => domains.add(ref, name, addOptions),
      remove: (ref, name) => domains.remove(ref, name),
      setPrimary: (ref, name) => domains.setPrimary(ref, name),
      list: (ref, listOptions) => domains.list(ref, listOptions),
      each: () => domains.each(),
    }
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
   * Costs nothing for a Tenant, one lookup (mostly from the cache) for a reference.
   * @example await tenancy.run('acme', () => tenancy.pool.query('select * from projects'))
   * @throws TenancyError UNKNOWN_TENANT, TENANT_SUSPENDED, TENANT_MAINTENANCE
   */
  run<T>(ref: Tenant<A> | TenantRef, fn: (tenant: Tenant<A>) => T, options?: RunInTenantOptions): Promise<Awaited<T>> {
    if (isTenant<A>(ref)) return this.#enter(ref, fn, options)
    return this.#store.get(ref).then((tenant) => this.#enter(tenant, fn, options))
  }

  /** Runs `fn` with the shared schema and no tenant. */
  async runShared<T>(fn: () => T): Promise<Awaited<T>> {
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

  /** A function that runs `fn` in the current scope, whenever it is called: for sockets, timers and event listeners. */
  bind<Args extends unknown[], R>(fn: (...args: Args) => R): (...args: Args) => R {
    return this.#scope.bind(fn)
  }

  /**
   * Gives `fn` a connection that is bound to the tenant for its whole life, for statements that cannot be bound one by one: VACUUM,
   * CREATE INDEX CONCURRENTLY, CALL of a procedure that commits. The connection is closed afterwards. `fn` runs in the scope.
   * @example await tenancy.session('acme', (client) => client.query('vacuum projects'))
   * @throws TenancyError UNKNOWN_TENANT, SCHEMA_MISSING; UNSAFE_STATEMENT behind a pooler, where there is no such connection
   */
  async session<T>(ref: Tenant<A> | TenantRef, fn: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.run(ref, (tenant) => this.#database.session(tenant, fn), { allowInactive: true }) as Promise<T>
  }

  /**
   * Runs `fn` in every active tenant, or in those that the options select, a few at a time. The report has one entry per tenant.
   * @example const report = await tenancy.forEach((tenant) => tenancy.pool.query('select count(*) from projects'))
   * @throws TenancyError INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND; not for failures in a tenant, which are in the report
   */
  forEach<T>(fn: (tenant: Tenant<A>) => T, options?: ForEachOptions): Promise<FleetReport<ForEachEntry<Awaited<T>>>> {
    return forEachTenant(
      (selection) => this.#select(selection),
      (tenant) => this.run(tenant, fn, { allowInactive: true }),
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

  /** Closes the pools when their connections have come back, and stops the embedded server when no other process uses it. */
  close(): Promise<void> {
    this.#closed ??= this.#database.close()
    return this.#closed
  }

  /** `await using tenancy = createTenancy(config)` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #select(selection: TenantSelection): Promise<Tenant<A>[]> {
    const checked = checkedSelection('forEach', selection, ['active'])
    for (const kind of checked.kinds ?? []) sourceOfKind(this.#sources, kind)
    return this.#store.select(checked)
  }

  #enter<T>(tenant: Tenant<A>, fn: (tenant: Tenant<A>) => T, options: RunInTenantOptions | undefined): Promise<Awaited<T>> {
    return this.#scope.run(tenant, async (): Promise<Awaited<T>> => {
      if (options !== undefined) assertKnownKeys('run', options, ['allowInactive'])
      if (options?.allowInactive !== true) assertActive(tenant)
      // Awaited inside the scope: a lazy query builder sends its statement only when it is awaited.
      return await fn(tenant)
    })
  }

  /** In a log or a console: nothing that may hold a password. */
  [inspect.custom](): string {
    return `Tenancy { sharedSchema: ${JSON.stringify(this.options.sharedSchema)}, isEmbedded: ${this.database.isEmbedded} }`
  }
}

function tenantsApi<A extends object, I extends object>(
  store: Tenants<A>,
  create: (input: NewTenant<I>) => Promise<Tenant<A>>,
): TenantsApi<A, I> {
  return {
    create,
    get: (ref) => store.get(ref),
    find: (ref) => store.find(ref),
    list: (options) => store.list(options),
    each: (filter) => store.each(filter),
    update: (ref, changes) => store.update(ref, changes),
    suspend: (ref) => store.setStatus(ref, 'suspended'),
    activate: (ref) => store.setStatus(ref, 'active'),
    setMaintenance: (ref) => store.setStatus(ref, 'maintenance'),
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

function assertActive(tenant: Tenant<any>): void {
  if (tenant.status === 'active') return
  const isMaintenance = tenant.status === 'maintenance'
  throw new TenancyError(
    isMaintenance ? 'TENANT_MAINTENANCE' : 'TENANT_SUSPENDED',
    `The tenant ${JSON.stringify(tenant.schema)} is ${isMaintenance ? 'in maintenance' : tenant.status}, so no work is started in it. ` +
      'Activate it with tenancy.tenants.activate, or pass { allowInactive: true } for a repair.',
    { details: { schema: tenant.schema, status: tenant.status } },
  )
}
