/**
 * Drizzle works on tenancy.pool unchanged, in the lines 0.45 and 1.0. What can go wrong goes wrong in silence, so it is looked for at
 * the start: another pool than the tenancy's, a pool that Drizzle does not take for one, and a cache that all tenants would share.
 *
 * Not isolated: tables of a `pgSchema`, whose SQL names its schema; and clients that you take for yourself elsewhere.
 */
import { TenancyError } from '../errors.ts'
import type { TenancyLike } from '../ports/tenancy-like.ts'

export { drizzleMigrations, type DrizzleMigrationsOptions } from '../migrations/sources/tools/drizzle.ts'

/** Of `drizzle-orm/node-postgres`, whatever its line. */
export interface DrizzleLike {
  readonly $client: unknown
  readonly $cache?: unknown
}

/**
 * Gives back `db` when each of its statements will be bound to its tenant. Costs nothing; sends nothing.
 * @example export const db = assertDrizzle(drizzle({ client: tenancy.pool, schema }), tenancy)
 * @throws TenancyError INVALID_OPTION, saying what to change in the call of `drizzle`
 */
export function assertDrizzle<D extends DrizzleLike>(db: D, { pool }: Pick<TenancyLike, 'pool'>): D {
  if (db.$client !== pool) {
    throw refusal(
      'client',
      'This Drizzle does not use tenancy.pool, so its statements would carry no tenant. Call drizzle({ client: tenancy.pool, … }): ' +
        'drizzle(tenancy.pool) makes a pool of its own in the line 1.0, in silence.',
    )
  }
  const className: string = Object.getPrototypeOf(pool).constructor.name
  if (!className.includes('Pool')) {
    throw refusal(
      'client',
      `The class of tenancy.pool is called ${JSON.stringify(className)}, and Drizzle knows a pool by "Pool" in that name: it would send ` +
        'begin and what follows over several connections. Let your bundler keep class names, or leave partywall out of the bundle.',
    )
  }
  if (isCache(db.$cache)) {
    throw refusal(
      'cache',
      "Drizzle's cache knows an answer by its SQL, which is the same for all tenants: one would read the rows of another. " +
        'Leave the option "cache" out, and keep answers in a cache of your own under the id of tenancy.current().',
    )
  }
  return db
}

function isCache(cache: unknown): boolean {
  const { get, put } = (cache ?? {}) as { get?: unknown; put?: unknown }
  return typeof get === 'function' && typeof put === 'function'
}

function refusal(option: string, message: string): TenancyError {
  return new TenancyError('INVALID_OPTION', message, { details: { option } })
}
