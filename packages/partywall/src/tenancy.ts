/**
 * createTenancy wires the rooms: the scope says who the tenant is, the database binds each statement to it, the catalog knows the
 * tenants, provisioning makes them, migrations give them their tables, and the chain of resolvers leads a request to one of them.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ClientConfig, PoolClient } from 'pg'
import { Catalog } from './catalog/catalog.ts'
import { Domains } from './catalog/domains/domains.ts'
import { Tenants, type TenantChanges, type TenantFilter } from './catalog/tenants/tenants.ts'
import { OpenDatabase } from './database/open-database.ts'
import type { Probe } from './database/probe/probe.ts'
import type { TenantPool } from './database/pool/tenant-pool.ts'
import { TenancyError } from './errors.ts'
import { Events, type TenancyEvents } from './events.ts'
import type { FleetReport } from './types.ts'
import { forEachTenant, type ForEachEntry, type ForEachOptions } from './fleet/for-each.ts'
import { provision, type NewTenant } from './lifecycle/provision.ts'
import { Migrations } from './migrations/run/run.ts'
import { migrationSources } from './migrations/sources/sources.ts'
import { resolveOptions, type Config, type Options } from './config/options.ts'
import { createChain } from './resolve/chain.ts'
import type { RequestFacts, Resolution } from './ports/resolver.ts'
import { Scope } from './scope/scope.ts'
import type { Attributes, Domain, Tenant, TenantRef, TenantStatus } from './types.ts'

/** What `tenancy.tenants` can do. `I` is what the attributes' schema takes, `A` what it gives. */
export interface TenantsApi<A extends object, I extends object> {
  /** {@link provision} */
  create(input: NewTenant<I>): Promise<Tenant<A>>
  /** The tenant that `ref` names. @throws TenancyError UNKNOWN_TENANT */
  get(ref: TenantRef): Promise<Tenant<A>>
  /** The same, or undefined. */
  find(ref: TenantRef): Promise<Tenant<A> | undefined>
  /** All tenants that pass the filter, by schema. One query. */
  list(filter?: TenantFilter): Promise<Tenant<A>[]>
  /** Changes the name and attributes; attributes that are not named stay. @throws TenancyError UNKNOWN_TENANT, INVALID_ATTRIBUTES */
  update(ref: TenantRef, changes: TenantChanges<A>): Promise<Tenant<A>>
  /** Requests to the tenant are refused from now on, and `run` refuses it. */
  suspend(ref: TenantRef): Promise<Tenant<A>>
  /** Ends a suspension or a maintenance. */
  activate(ref: TenantRef): Promise<Tenant<A>>
  /** Requests to the tenant are put off with 503 until `activate`, and `run` refuses it. */
  maintenance(ref: TenantRef): Promise<Tenant<A>>
}

export interface DomainsApi {
  /** Adds a host name; the first one of a tenant is primary. @throws TenancyError INVALID_DOMAIN, DOMAIN_EXISTS, UNKNOWN_TENANT */
  add(ref: TenantRef, domain: string, options?: { readonly primary?: boolean | undefined }): Promise<Domain>
  /** @throws TenancyError UNKNOWN_DOMAIN */
  remove(ref: TenantRef, domain: string): Promise<void>
  /** Makes another domain the primary one; at no moment there are two, or none. @throws TenancyError UNKNOWN_DOMAIN */
  setPrimary(ref: TenantRef, domain: string): Promise<Domain>
  /** The domains of one tenant, or of all. */
  list(ref?: TenantRef): Promise<Domain[]>
}

export interface RunInTenantOptions {
  /** Also enter a tenant that is suspended, archived or in maintenance: for operators and repairs. @default false */
  readonly allowInactive?: boolean | undefined
}

export class Tenancy<A extends object = Attributes, I extends object = A> {
  readonly options: Options
  readonly migrations: Migrations<A>
  readonly tenants: TenantsApi<A, I>
  readonly domains: DomainsApi
  /** Resolves the facts of a request to a tenant, or says why not. Costs one lookup, which is mostly in the cache. */
  readonly resolve: (facts: RequestFacts) => Promise<Resolution<A>>
  readonly #scope = new Scope<A>()
  readonly #events = new Events<A>()
  readonly #database: OpenDatabase
  readonly #store: Tenants<A>
  readonly #catalog: Catalog
  #closed: Promise<void> | undefined

  constructor(options: Options) {
    this.options = options
    this.#database = new OpenDatabase(options, this.#scope, {
      onDiscard: (reason) => void this.#events.emit('connection.discarded', { reason }),
      onTamper: (tampering) => void this.#events.emit('connection.tampered', tampering),
      onProgress: (line) => {
        if (!this.#events.emit('embedded.progress', { line })) process.stderr.write(`${line}\n`)
      },
    })
    this.#catalog = new Catalog(this.#database, options)
    this.#store = new Tenants<A>(this.#catalog, options)
    const domains = new Domains<A>(this.#catalog, this.#store)
    const sources = migrationSources(options)
    this.migrations = new Migrations<A>({
      catalog: this.#catalog,
      tenants: this.#store,
      sources,
      options,
      listener: {
        onStart: (run) => void this.#events.emit('migrations.started', run),
        onBegin: (begin) => void this.#events.emit('migration.started', begin),
        onEntry: (entry) => void this.#events.emit('migration.ended', { entry }),
        onEnd: (end) => void this.#events.emit('migrations.ended', end),
      },
    })
    this.tenants = this.#tenantsApi((input) =>
      provision({ catalog: this.#catalog, tenants: this.#store, domains, sources, options }, input),
    )
    this.domains = this.#domainsApi(domains)
    this.resolve = createChain<A>(options.resolve, (ref) => this.#store.find(ref))
  }

  /** One pool for every tenant; a pg.Pool to whoever takes one. Each statement is bound to the scope it is issued in. */
  get pool(): TenantPool {
    return this.#database.pool
  }

  /** A pool bound to the shared schema whatever the scope: for auth libraries, queues and start-up probes. */
  get sharedPool(): TenantPool {
    return this.#database.sharedPool
  }

  /**
   * Runs `fn` in the scope of a tenant: whatever it queries through `pool` goes to the tenant's schema. Nothing stays behind.
   * Costs nothing for a Tenant, one lookup (mostly in the cache) for a name of one.
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

  /** The tenant of now. @throws TenancyError NO_TENANT */
  current(): Tenant<A> {
    return this.#scope.current()
  }

  /** The tenant of now, or undefined. */
  tryCurrent(): Tenant<A> | undefined {
    return this.#scope.tryCurrent()
  }

  /** A function that runs `fn` in the scope of now, whenever it is called: for sockets, timers and event listeners. */
  bind<Args extends unknown[], R>(fn: (...args: Args) => R): (...args: Args) => R {
    return this.#scope.bind(fn)
  }

  /**
   * Lends a connection that is bound to the tenant for its whole life, for statements that cannot be bound one by one: VACUUM,
   * CREATE INDEX CONCURRENTLY, CALL of a procedure that commits. The connection is closed afterwards. `fn` runs in the scope.
   * @example await tenancy.session('acme', (client) => client.query('vacuum projects'))
   * @throws TenancyError UNKNOWN_TENANT, SCHEMA_MISSING; UNSAFE_STATEMENT behind a pooler, where there is no such connection
   */
  async session<T>(ref: Tenant<A> | TenantRef, fn: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.run(ref, (tenant) => this.#database.session(tenant, fn), { allowInactive: true }) as Promise<T>
  }

  /**
   * Runs `fn` in every tenant, a few at a time, and reports what became of each.
   * @example const report = await tenancy.forEach((tenant) => tenancy.pool.query('select count(*) from projects'))
   * @throws TenancyError INVALID_OPTION
   */
  forEach<T>(fn: (tenant: Tenant<A>) => T, options?: ForEachOptions): Promise<FleetReport<ForEachEntry<Awaited<T>>>> {
    return forEachTenant(this.#store, (tenant) => this.run(tenant, fn, { allowInactive: true }), options)
  }

  /** Calls `listener` at each event; returns the function that ends it. */
  on<E extends keyof TenancyEvents<A>>(event: E, listener: (payload: TenancyEvents<A>[E]) => void): () => void {
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
   * Looks at the way to the server before an application trusts it: what stands between (nothing, or a pooler and its mode), the
   * version, and whether two tenants stay apart on it, proven with two throw-away schemas. Good in a start-up check or a deploy step.
   * Costs up to five connections of its own and about 400 round trips; takes no locks that others wait for.
   * @example const { route, isolation } = await tenancy.probe() // { kind: 'pooler', mode: 'transaction' }, { proven: true, … }
   * @throws TenancyError UNSAFE_SETUP with the reason, DATABASE_UNREACHABLE
   */
  probe(): Promise<Probe> {
    return this.#database.probe()
  }

  /** Where the database is, for programs that connect by themselves. Starts the embedded server if it is used. */
  whereabouts(): Promise<ClientConfig> {
    return this.#database.whereabouts()
  }

  /** Closes the pools when their connections have come back, and the embedded server when nobody else uses it. */
  close(): Promise<void> {
    this.#closed ??= this.#database.close()
    return this.#closed
  }

  /** `await using tenancy = createTenancy(config)` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #enter<T>(tenant: Tenant<A>, fn: (tenant: Tenant<A>) => T, options: RunInTenantOptions = {}): Promise<Awaited<T>> {
    return this.#scope.run(tenant, async (): Promise<Awaited<T>> => {
      if (options.allowInactive !== true) assertActive(tenant)
      // Awaited inside the scope: a lazy query builder sends its statement when somebody waits for it.
      return await fn(tenant)
    })
  }

  #tenantsApi(create: (input: NewTenant<I>) => Promise<Tenant<A>>): TenantsApi<A, I> {
    const told = async (event: 'tenant.created' | 'tenant.updated', change: Promise<Tenant<A>>): Promise<Tenant<A>> => {
      const tenant = await change
      this.#events.emit(event, { tenant })
      return tenant
    }
    const to = (status: TenantStatus) => (ref: TenantRef) => told('tenant.updated', this.#store.setStatus(ref, status))
    return {
      create: (input) => told('tenant.created', create(input)),
      get: (ref) => this.#store.get(ref),
      find: (ref) => this.#store.find(ref),
      list: (filter) => this.#store.list(filter),
      update: (ref, changes) => told('tenant.updated', this.#store.update(ref, changes)),
      suspend: to('suspended'),
      activate: to('active'),
      maintenance: to('maintenance'),
    }
  }

  #domainsApi(domains: Domains<A>): DomainsApi {
    return {
      add: async (ref, name, options) => {
        const domain = await domains.add(ref, name, options)
        this.#events.emit('domain.added', { domain })
        return domain
      },
      remove: async (ref, domain) => {
        const { id } = await this.#store.get(ref)
        await domains.remove(ref, domain)
        this.#events.emit('domain.removed', { domain, tenantId: id })
      },
      setPrimary: (ref, domain) => domains.setPrimary(ref, domain),
      list: (ref) => domains.list(ref),
    }
  }
}

/**
 * Makes a tenancy from a config. Does no I/O: the first use connects, and installs the catalog where it is missing.
 * @example
 * const tenancy = createTenancy({ database: process.env.DATABASE_URL, resolve: [byHost({ base: 'example.com' })] })
 * @throws TenancyError INVALID_OPTION
 */
export function createTenancy<const S extends StandardSchemaV1<any, object> = StandardSchemaV1<any, Attributes>>(
  config: Config<S> = {},
): Tenancy<StandardSchemaV1.InferOutput<S>, StandardSchemaV1.InferInput<S>> {
  return new Tenancy(resolveOptions(config))
}

function isTenant<A extends object>(ref: Tenant<A> | TenantRef): ref is Tenant<A> {
  return typeof ref === 'object' && 'id' in ref && 'schema' in ref && 'status' in ref && Object.isFrozen(ref)
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
