/**
 * partywall/drizzle, for drizzle-orm 0.45 and 1.0 with its node-postgres driver. Drizzle works on tenancy.pool unchanged. What can go wrong
 * goes wrong without an error, so `tenantDrizzle` looks for it at the start: another pool than the tenancy's, a pool that Drizzle does not
 * recognise as one, and a cache that all tenants would share.
 *
 * Not isolated by it: tables of a `pgSchema`, whose SQL names its schema; and clients that you take from another pool.
 */
import '../node-version.ts'
import { TenancyError } from '../errors.ts'
import type { OrmTenancy } from '../ports/tenancy-like.ts'
import { warnIfUntested } from '../tested-versions.ts'

export { drizzleMigrations, type DrizzleMigrationsOptions } from '../migrations/sources/tools/drizzle.ts'
export type { FilesOptions, MigrationFolders } from '../migrations/sources/tools/given-migrations.ts'
export type { OrmTenancy } from '../ports/tenancy-like.ts'

/** What `drizzle` of `drizzle-orm/node-postgres` gives, in both lines. */
export interface DrizzleLike {
  readonly $client: unknown
  readonly $cache?: unknown
  /** `withReplicas` reads from these. */
  readonly $replicas?: readonly DrizzleLike[]
}

/**
 * One Drizzle for all tenants, on `tenancy.pool`. Make it once for the whole app. `make` gets the pool as `client` and returns the Drizzle.
 * Costs nothing; sends nothing.
 * @example
 * export const db = tenantDrizzle(tenancy, (client) => drizzle({ client, schema }))
 * await tenancy.run('acme', () => db.select().from(projects))
 * @throws TenancyError INVALID_OPTION, saying what to change in the call of `drizzle`
 */
export function tenantDrizzle<D extends DrizzleLike, P extends OrmTenancy['pool']>(
  { pool }: { readonly pool: P },
  make: (client: P) => D,
): D {
  warnIfUntested('drizzle-orm')
  const db = make(pool)
  for (const each of [db, ...(db.$replicas ?? [])]) assertIsolated(each, pool)
  return db
}

function assertIsolated(db: DrizzleLike, pool: OrmTenancy['pool']): void {
  if (db.$client !== pool) {
    throw refusal(
      'client',
      'This Drizzle does not use tenancy.pool, so its statements would carry no tenant. Write ' +
        'tenantDrizzle(tenancy, (client) => drizzle({ client, … })): in the line 1.0, drizzle(client) makes a pool of its own without an error.',
    )
  }
  const className: string = Object.getPrototypeOf(pool).constructor.name
  if (!className.includes('Pool')) {
    throw refusal(
      'client',
      `The class of tenancy.pool is called ${JSON.stringify(className)}, and Drizzle recognises a pool by "Pool" in that name: it would send ` +
        'begin and what follows over several connections. Let your bundler keep class names, or leave partywall out of the bundle.',
    )
  }
  if (isCache(db.$cache)) {
    throw refusal(
      'cache',
      "Drizzle's cache finds an answer by its SQL, which is the same for all tenants: one would read the rows of another. " +
        'Leave the option "cache" out, and keep answers in a cache of your own under the id of tenancy.current().',
    )
  }
}

function isCache(cache: unknown): boolean {
  const { get, put } = (cache ?? {}) as { get?: unknown; put?: unknown }
  return typeof get === 'function' && typeof put === 'function'
}

function refusal(option: string, message: string): TenancyError {
  return new TenancyError('INVALID_OPTION', message, { details: { option } })
}
