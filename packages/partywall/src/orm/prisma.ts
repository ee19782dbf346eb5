/**
 * partywall/prisma, for Prisma 7 with @prisma/adapter-pg. `tenantPrisma` makes one PrismaClient that serves every tenant.
 *
 * Prisma writes a schema before the name of each table and type, so a search path alone would change nothing. The client gets a schema
 * name that cannot be guessed, a new one for each client; the adapter removes that name from the SQL before it reaches the pool. Values
 * travel beside the SQL, and your SQL cannot contain a name that it does not know: nothing else is changed.
 *
 * Prisma also collects the `findUnique` calls of one tick and sends them in the async context of the first of them. Two tenants in
 * one tick would then be one query, for the tenant that came first. So the client collects for each scope separately.
 *
 * Not isolated by it: rows that you keep beyond their scope, and the answers of caching extensions such as Accelerate.
 */
import '../node-version.ts'
import { randomUUID } from 'node:crypto'
import { TenancyError, tenancyErrorOf } from '../errors.ts'
import type { ScopedOrmTenancy } from '../ports/tenancy-like.ts'
import { unusableVersion, warnIfUntested } from '../tested-versions.ts'
import { currentScope } from './shared/current-scope.ts'
import { assertNoneRefused } from './shared/refused-options.ts'

export { prismaMigrations, type PrismaMigrationsOptions } from '../migrations/sources/tools/prisma.ts'
export type { FilesOptions, MigrationFolders } from '../migrations/sources/tools/given-migrations.ts'
export type { OrmTenancy, ScopedOrmTenancy, ScopeLike } from '../ports/tenancy-like.ts'

interface StatementLike {
  sql: string
  args: unknown[]
  argTypes: unknown[]
}

/** What Prisma calls a driver adapter, or a transaction of one. */
interface QueryableLike {
  queryRaw(statement: StatementLike): Promise<any>
  executeRaw(statement: StatementLike): Promise<number>
}

interface AdapterLike extends QueryableLike {
  startTransaction(...args: any[]): Promise<QueryableLike>
  underlyingDriver?(): unknown
}

interface FactoryLike {
  connect(): Promise<AdapterLike>
}

/** The class `PrismaPg` of @prisma/adapter-pg. */
export type PrismaPgLike = new (pool: any, options: any) => { connect(): Promise<any> }

/** The options of PrismaPg, without what the tenancy decides. */
export type TenantPrismaOptions<P extends PrismaPgLike> = Omit<NonNullable<ConstructorParameters<P>[1]>, keyof typeof refused>

/**
 * One PrismaClient for all tenants, on `tenancy.pool`. Make it once for the whole app; `make` gets the adapter and returns the
 * client, extensions included. `$disconnect()` leaves the pool open.
 * @example
 * const prisma = tenantPrisma(tenancy, PrismaPg, (adapter) => new PrismaClient({ adapter }))
 * await tenancy.run('acme', () => prisma.project.findMany())
 * @throws TenancyError INVALID_OPTION when there are two copies of pg, or a version of Prisma that the adapter does not know
 */
export function tenantPrisma<P extends PrismaPgLike, C extends object>(
  tenancy: ScopedOrmTenancy,
  PrismaPg: P,
  make: (adapter: InstanceType<P>) => C,
  options?: TenantPrismaOptions<P>,
): C {
  assertNoneRefused('tenantPrisma', options ?? {}, refused)
  const sentinel = `partywall_${randomUUID().replaceAll('-', '')}`
  const factory = new PrismaPg(tenancy.pool, { ...options, schema: sentinel, disposeExternalPool: false })
  assertTook(tenancy.pool, (factory as { externalPool?: unknown }).externalPool)
  const client = make(tenantFactory(factory, tenancy.pool, sentinel) as InstanceType<P>)
  collectByScope(client, tenancy)
  warnIfUntested('@prisma/adapter-pg')
  return client
}

/** PrismaPg takes a pool of another copy of pg for options, and opens a pool of its own without an error. */
function assertTook(pool: object, taken: unknown): void {
  if (taken === pool) return
  throw new TenancyError(
    'INVALID_OPTION',
    '@prisma/adapter-pg did not take tenancy.pool: it recognises a pool by the class of its own copy of "pg", and there are two copies. It ' +
      'would open a pool without tenants. Look with `npm ls pg`, then make the versions agree ("overrides" in package.json) and run ' +
      '`npm dedupe`.',
    { details: { package: 'pg' } },
  )
}

function tenantFactory<F extends FactoryLike>(factory: F, pool: object, sentinel: string): F {
  const connect = async (): Promise<AdapterLike> => {
    const adapter = await factory.connect()
    // A later version may hide its fields; this method is documented.
    assertTook(pool, adapter.underlyingDriver?.())
    return Object.assign(withoutSchema(adapter, sentinel), {
      startTransaction: async (...args: unknown[]) =>
        withoutSchema(await adapter.startTransaction(...args).catch(throwForPrisma), sentinel),
    })
  }
  return Object.assign(Object.create(factory), { connect })
}

/** The same adapter or transaction, whose SQL names no schema. */
function withoutSchema<Q extends QueryableLike>(queryable: Q, sentinel: string): Q {
  const qualifier = `"${sentinel}".`
  const stripped = (statement: StatementLike): StatementLike => ({ ...statement, sql: statement.sql.replaceAll(qualifier, '') })
  return Object.assign(Object.create(queryable), {
    queryRaw: (statement: StatementLike) => queryable.queryRaw(stripped(statement)).catch(throwForPrisma),
    executeRaw: (statement: StatementLike) => queryable.executeRaw(stripped(statement)).catch(throwForPrisma),
  })
}

/** Prisma makes an error of its own, with no more of this one than its code, its message and its `meta`: there `tenancyErrorOf` finds it. */
function throwForPrisma(error: unknown): never {
  const refusal = tenancyErrorOf(error)
  throw refusal === undefined ? error : Object.create(refusal, { meta: { value: { driverAdapterError: refusal } } })
}

/** The slice of PrismaClient that collects calls. Read in 7.10; it has existed since Prisma 2. */
interface CollectorLike {
  readonly options: { batchBy(request: RequestLike): string | undefined }
  request(request: RequestLike): Promise<unknown>
}

interface RequestLike {
  readonly transaction?: { readonly id: unknown } | undefined
}

/** Gives each scope, and each transaction in it, a collector of its own: calls that are collected together then have one scope. */
function collectByScope(client: object, tenancy: ScopedOrmTenancy): void {
  const handler = (client as { _requestHandler?: { dataloader?: CollectorLike } })._requestHandler
  const original = handler?.dataloader
  if (handler === undefined || typeof original?.request !== 'function' || typeof original.options?.batchBy !== 'function') {
    throw unusableVersion(
      '@prisma/client',
      'hides how it collects findUnique calls, so calls of two tenants could become one query. Return the PrismaClient itself, or one made ' +
        'with $extends, from the function.',
    )
  }
  const Collector = original.constructor as new (options: CollectorLike['options']) => CollectorLike
  const ofThisTick = new Map<string, CollectorLike>()
  const collectorFor = (request: RequestLike): CollectorLike => {
    const { transaction } = request
    const key = `${currentScope(tenancy).key} ${transaction === undefined ? '' : `transaction ${String(transaction.id)}`}`
    let collector = ofThisTick.get(key)
    if (collector === undefined) {
      // A collector sends its calls in the next tick; one that lives longer could collect calls of another scope.
      if (ofThisTick.size === 0) process.nextTick(() => ofThisTick.clear())
      ofThisTick.set(key, (collector = new Collector(original.options)))
    }
    return collector
  }
  handler.dataloader = {
    options: original.options,
    request: async (request) => collectorFor(request).request(request),
  }
}

const refused = {
  schema: 'Each statement carries the search path of its tenant. Leave the schema out.',
  disposeExternalPool: 'Prisma would end the pool, which the rest of the program uses, too. tenancy.close() ends it.',
} as const
