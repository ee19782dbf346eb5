/**
 * partywall/mikro-orm, for MikroORM 7 with @mikro-orm/postgresql. `tenantMikroOrmOptions` makes the options of one MikroORM that
 * serves every tenant.
 *
 * MikroORM remembers what it has loaded: an EntityManager by primary key, the result cache by the query. Both would answer one tenant
 * with rows of another and ask no database. So an EntityManager belongs to the tenant that uses it first, and the cache is divided.
 *
 * Not isolated by it: entities that you keep beyond their scope.
 */
import { MemoryCacheAdapter, type CacheAdapter } from '@mikro-orm/core'
import { EntityManager, type Options } from '@mikro-orm/postgresql'
import { TenancyError } from '../errors.ts'
import type { ScopedTenancyLike } from '../ports/tenancy-like.ts'

export { mikroOrmMigrations, type MikroOrmMigrationsOptions } from '../migrations/sources/tools/mikro-orm.ts'

interface ClientLike {
  query(...args: any[]): any
  release(error?: Error | boolean): void
}

/** The options of MikroORM, without what the tenancy decides. */
export type TenantMikroOrmOptions = Omit<Options, keyof typeof refusals>

/**
 * The options of a MikroORM on `tenancy.pool`. Make one for the whole app, and fork its EntityManager inside the scope; `close()`
 * leaves the pool open.
 * @example
 * const orm = new MikroORM(tenantMikroOrmOptions(tenancy, { entities: [Project] }))
 * await tenancy.run('acme', () => orm.em.fork().find(Project, {}))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantMikroOrmOptions(tenancy: ScopedTenancyLike, options: TenantMikroOrmOptions): Options {
  for (const [key, reason] of Object.entries(refusals)) {
    if ((options as Record<string, unknown>)[key] === undefined) continue
    throw new TenancyError('INVALID_OPTION', `tenantMikroOrmOptions refuses "${key}". ${reason}`, { details: { option: key } })
  }
  const { adapter = MemoryCacheAdapter, ...cacheOptions } = options.resultCache ?? {}
  return {
    ...options,
    // MikroORM wants a name; the connection has its own. It must not look whether a database of this name is there, and make it.
    dbName: 'tenancy',
    ensureDatabase: false,
    driverOptions: { onPoolCreated: (pool: PoolOfMikroOrm) => redirect(pool, tenancy) },
    entityManager: tenantEntityManager(tenancy),
    resultCache: { ...cacheOptions, adapter: dividedCache(adapter as CacheClass, tenancy) },
  } as Options
}

/** The pool that MikroORM makes, as far as its dialect uses it. It never opens a connection. */
interface PoolOfMikroOrm {
  connect: () => Promise<ClientLike>
  end: () => Promise<void>
  options: { types?: TypesLike }
}

interface TypesLike {
  getTypeParser(type: number, format?: string): unknown
}

function redirect(pool: PoolOfMikroOrm, tenancy: ScopedTenancyLike): void {
  const { types } = pool.options
  const clients = new WeakMap<ClientLike, ClientLike>()
  pool.connect = async () => {
    const client = await tenancy.pool.connect()
    // Kysely, which is under MikroORM, knows a connection by its client: one connection must always be one object.
    let reading = clients.get(client)
    if (reading === undefined) clients.set(client, (reading = withTypes(client, types)))
    return reading
  }
  pool.end = async () => {}
  // Where a statement is cancelled from: a connection outside of the pool.
  Object.assign(pool, { options: tenancy.pool.options, Client: (tenancy.pool as { Client?: unknown }).Client })
}

/** The same client, which reads dates and arrays as MikroORM expects them. */
function withTypes(client: ClientLike, types: TypesLike | undefined): ClientLike {
  const reading: ClientLike & { readonly processID: unknown } = {
    get processID() {
      return (client as { processID?: unknown }).processID
    },
    release: (error) => client.release(error),
    query: (query, values) => {
      if (typeof query === 'string') return client.query({ text: query, values, types })
      // A cursor reads with the types of its result.
      if (query._result !== undefined) query._result._types ??= types
      return client.query(query, values)
    },
  }
  return reading
}

function tenantEntityManager(tenancy: ScopedTenancyLike): typeof EntityManager {
  const owners = new WeakMap<object, { readonly id: string; readonly schema: string }>()
  class TenantEntityManager extends EntityManager {
    override getContext(validate = true): this {
      const manager = super.getContext(validate) as this
      const now = tenancy.tryCurrent()
      // Without validation it is about to be forked, which is right in any scope.
      if (!validate || now === undefined) return manager
      const owner = owners.get(manager)
      if (owner === undefined) owners.set(manager, now)
      else if (owner.id !== now.id) throw wrongTenant(owner.schema, now.schema)
      return manager
    }
  }
  return TenantEntityManager as typeof EntityManager
}

function wrongTenant(owner: string, now: string): TenancyError {
  return new TenancyError(
    'WRONG_TENANT',
    `This EntityManager has served tenant ${JSON.stringify(owner)} and is used in the scope of tenant ${JSON.stringify(now)}; it may hold ` +
      'entities of the first, so nothing was done. Take a new one inside the scope: orm.em.fork(), or RequestContext.create(orm.em, …).',
    { details: { owner, now } },
  )
}

type CacheClass = new (options: object) => CacheAdapter

/** The cache of your choice, whose names begin with the tenant. */
function dividedCache(Inner: CacheClass, tenancy: ScopedTenancyLike): CacheClass {
  const own = (name: string): string => `${tenancy.tryCurrent()?.id ?? 'shared'}:${name}`
  return class TenantCacheAdapter implements CacheAdapter {
    readonly #inner: CacheAdapter

    constructor(options: object) {
      this.#inner = new Inner(options)
    }

    get(name: string, origin?: string): any {
      return this.#inner.get(own(name), origin)
    }

    set(name: string, data: unknown, origin: string, expiration?: number): void | Promise<void> {
      return this.#inner.set(own(name), data, origin, expiration)
    }

    remove(name: string): void | Promise<void> {
      return this.#inner.remove(own(name))
    }

    clear(): void | Promise<void> {
      return this.#inner.clear()
    }

    close(): void | Promise<void> {
      return this.#inner.close?.()
    }
  }
}

const theTenancys = 'The database, its connections and their number are those of the tenancy: say it in partywall.config.ts.'

/** Options that would lead around the tenancy, or make one schema of all, and what to do instead. */
const refusals = {
  driverOptions: theTenancys,
  clientUrl: theTenancys,
  dbName: theTenancys,
  host: theTenancys,
  port: theTenancys,
  user: theTenancys,
  password: theTenancys,
  pool: theTenancys,
  ensureDatabase: 'The database is the tenancy’s, and its tables are made by SQL migrations: npx partywall migrate.',
  replicas: 'The tenancy has one database; a replica needs a tenancy of its own, with a MikroORM of its own.',
  schema: 'It would write that schema into every statement. Leave it out; for a shared table, set it on the entity alone.',
  entityManager: 'The adapter gives it, so that entities of two tenants never share one.',
  sessionContext:
    "With 'connection' it sets and resets the session before each statement, and the session is shared by tenants. Set variables in a transaction.",
} as const
