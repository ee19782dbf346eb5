/**
 * partywall/mikro-orm, for MikroORM 7.1 and newer with @mikro-orm/postgresql. `tenantMikroOrmOptions` makes the options of one MikroORM that
 * serves every tenant.
 *
 * MikroORM remembers what it has loaded: an EntityManager by primary key, the result cache by the query. Both would answer one tenant
 * with rows of another, without a query. So an EntityManager belongs to the scope that uses it first, and the cache is divided by scope.
 *
 * Not isolated by it: entities that you keep beyond their scope.
 */
import '../node-version.ts'
import { MemoryCacheAdapter, type CacheAdapter } from '@mikro-orm/core'
import {
  EntityManager,
  PostgreSqlConnection,
  type ForkOptions,
  type Options,
  type TransactionOptions,
} from '@mikro-orm/postgresql'
import { TenancyError } from '../errors.ts'
import type { ScopedOrmTenancy } from '../ports/tenancy-like.ts'
import { unusableVersion, warnIfUntested } from '../tested-versions.ts'
import { currentScope, type CurrentScope } from './shared/current-scope.ts'
import { readCursorWith, type TypesLike } from './shared/reading-types.ts'
import { assertNoneRefused, schemaInEachStatement, setByTenancy } from './shared/refused-options.ts'

export { mikroOrmMigrations, type MikroOrmClass, type MikroOrmMigrationsOptions } from '../migrations/sources/tools/mikro-orm.ts'
export type { FilesOptions, ListedMigrations, MigrationFolders } from '../migrations/sources/tools/given-migrations.ts'
export type { OrmTenancy, ScopedOrmTenancy, ScopeLike } from '../ports/tenancy-like.ts'

interface ClientLike {
  query(...args: any[]): any
  release(error?: Error | boolean): void
}

/** The options of MikroORM, without what the tenancy decides. */
export type TenantMikroOrmOptions = Omit<Options, keyof typeof refused>

/**
 * The options of a MikroORM on `tenancy.pool`. Make one for the whole app, and fork its EntityManager inside the scope; `close()`
 * leaves the pool open.
 * @example
 * const orm = new MikroORM(tenantMikroOrmOptions(tenancy, { entities: [Project] }))
 * await tenancy.run('acme', () => orm.em.fork().find(Project, {}))
 * @throws TenancyError INVALID_OPTION
 */
export function tenantMikroOrmOptions(tenancy: ScopedOrmTenancy, options: TenantMikroOrmOptions): Options {
  assertNoneRefused('tenantMikroOrmOptions', options, refused)
  if (!readsOnPoolCreated()) {
    throw unusableVersion(
      '@mikro-orm/postgresql',
      'does not let partywall replace its pool, so its statements would carry no tenant.',
    )
  }
  warnIfUntested('@mikro-orm/postgresql')
  const { adapter = MemoryCacheAdapter, ...cacheOptions } = options.resultCache ?? {}
  return {
    ...options,
    // MikroORM requires a name; the connection has its own. It must not look for a database of this name, nor create it.
    dbName: 'tenancy',
    ensureDatabase: false,
    driverOptions: { onPoolCreated: (pool: PoolOfMikroOrm) => redirect(pool, tenancy) },
    entityManager: tenantEntityManager(tenancy),
    resultCache: { ...cacheOptions, adapter: dividedCache(adapter as CacheClass, tenancy) },
  } as Options
}

/**
 * MikroORM 6 and 7.0 ignore `onPoolCreated` without an error, and would open connections of their own, to whatever server they find on this
 * machine. Minifiers keep the names of options.
 */
function readsOnPoolCreated(): boolean {
  const { createKyselyDialect } = PostgreSqlConnection.prototype as Partial<PostgreSqlConnection>
  return createKyselyDialect?.toString().includes('onPoolCreated') === true
}

/** The pool that MikroORM makes, as far as its dialect uses it. It never opens a connection. */
interface PoolOfMikroOrm {
  connect: () => Promise<ClientLike>
  end: () => Promise<void>
  options: { types?: TypesLike }
}

function redirect(pool: PoolOfMikroOrm, tenancy: ScopedOrmTenancy): void {
  const { types } = pool.options
  const clients = new WeakMap<ClientLike, ClientLike>()
  pool.connect = async () => {
    const client = await tenancy.pool.connect()
    // Kysely, which MikroORM uses, recognises a connection by its client: one connection must always be one object.
    let reading = clients.get(client)
    if (reading === undefined) clients.set(client, (reading = withTypes(client, types)))
    return reading
  }
  pool.end = async () => {}
  // MikroORM cancels a statement on a connection outside of the pool.
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
      readCursorWith(types, query)
      return client.query(query, values)
    },
  }
  return reading
}

function tenantEntityManager(tenancy: ScopedOrmTenancy): typeof EntityManager {
  const owners = new WeakMap<object, Owner>()
  const ownerOf = (manager: object): Owner => {
    let owner = owners.get(manager)
    if (owner === undefined) owners.set(manager, (owner = { scope: undefined }))
    return owner
  }
  const claim = (manager: object): void => {
    const current = currentScope(tenancy)
    const owner = ownerOf(manager)
    if (owner.scope === undefined) {
      // Outside every scope nothing is loaded, because each statement is refused.
      if (current.schema !== undefined) owner.scope = current
    } else if (owner.scope.key !== current.key) throw wrongScope(owner.scope, current)
  }
  class ScopedEntityManager extends EntityManager {
    override getContext(validate = true): this {
      const manager = super.getContext(validate) as this
      // Without validation it is about to be forked, which is right in any scope.
      if (validate) claim(manager)
      return manager
    }

    override fork(options: ForkOptions = {}): this {
      const origin = options.disableContextResolution ? this : this.getContext(false)
      const fork = super.fork(options) as this
      // It holds the same entities, or none; making it has claimed it already.
      if (options.clear === false) owners.set(fork, ownerOf(origin))
      else owners.delete(fork)
      return fork
    }

    /** At its end, MikroORM puts what the transaction has loaded into the EntityManager that began it, except into a global one. */
    override async transactional<T>(work: (em: this) => T | Promise<T>, options?: TransactionOptions): Promise<T> {
      const origin = this.getContext(false)
      if (origin.global && !this.config.get('allowGlobalContext')) return super.transactional(work, options)
      claim(origin)
      return super.transactional((em) => {
        owners.set(em, ownerOf(origin))
        return work(em)
      }, options)
    }
  }
  return ScopedEntityManager as unknown as typeof EntityManager
}

/** The scope whose entities an EntityManager may hold; undefined as long as it holds none. */
interface Owner {
  scope: CurrentScope | undefined
}

function wrongScope(owner: CurrentScope, current: CurrentScope): TenancyError {
  const message =
    `This EntityManager was used in ${owner.label} and then in ${current.label}; it may hold entities of the first, so nothing was done. ` +
    'Take a new one inside the scope: orm.em.fork(), or RequestContext.create(orm.em, …).'
  if (current.schema === undefined) return new TenancyError('NO_TENANT', message, { details: { scope: 'none' } })
  return new TenancyError('WRONG_TENANT', message, { details: { owner: owner.schema!, now: current.schema } })
}

type CacheClass = new (options: object) => CacheAdapter

/** The cache adapter of the application, with the scope in front of each key. */
function dividedCache(Inner: CacheClass, tenancy: ScopedOrmTenancy): CacheClass {
  const own = (name: string): string => `${currentScope(tenancy).key}:${name}`
  return class ScopedCacheAdapter implements CacheAdapter {
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

const refused = {
  driverOptions: setByTenancy,
  clientUrl: setByTenancy,
  dbName: setByTenancy,
  host: setByTenancy,
  port: setByTenancy,
  user: setByTenancy,
  password: setByTenancy,
  pool: setByTenancy,
  ensureDatabase: 'The database belongs to the tenancy, and migrations create its tables: npx partywall migrate.',
  replicas: 'The tenancy has one database; a replica requires a tenancy and a MikroORM of its own.',
  schema: schemaInEachStatement,
  entityManager: 'The adapter gives one, so that entities of two tenants never share it.',
  sessionContext:
    "With 'connection' it sets and resets the session before each statement, and tenants share the session. Set variables in a transaction.",
} as const
