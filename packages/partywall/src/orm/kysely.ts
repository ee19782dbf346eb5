/**
 * Kysely on tenancy.pool: the config of its PostgresDialect. `new PostgresDialect({ pool: tenancy.pool })` is as well isolated; but then
 * `kysely.destroy()` ends the pool, which is not Kysely's alone.
 *
 * Not isolated: what `withSchema` names.
 */
import type { PostgresDialectConfig, PostgresPool } from 'kysely'
import { LentPool } from './shared/lent-pool.ts'
import type { TenancyLike } from '../ports/tenancy-like.ts'

export { kyselyMigrations, type KyselyMigrationsOptions } from '../migrations/sources/tools/kysely.ts'

/** Options of PostgresDialect. `cursor`, of pg-cursor, is needed for `stream()`. */
export type TenantDialectOptions = Omit<PostgresDialectConfig, 'pool'>

/**
 * The config of a PostgresDialect whose statements are bound to their tenants.
 * @example new Kysely<Tables>({ dialect: new PostgresDialect(tenantDialect(tenancy, { cursor: Cursor })) })
 */
export function tenantDialect({ pool }: Pick<TenancyLike, 'pool'>, options: TenantDialectOptions = {}): PostgresDialectConfig {
  return { ...options, pool: new LentPool(pool) as PostgresPool }
}
