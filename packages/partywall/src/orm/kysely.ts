/**
 * partywall/kysely, for Kysely 0.29. `tenantKyselyOptions` gives the options of one Kysely that serves every tenant.
 * `new PostgresDialect({ pool: tenancy.pool })` isolates as well; but then `kysely.destroy()` ends the pool, which the rest of the program
 * uses, too.
 *
 * Not isolated by it: schemas that `withSchema` names.
 */
import '../node-version.ts'
import { PostgresDialect, type KyselyConfig, type PostgresDialectConfig, type PostgresPool } from 'kysely'
import type { OrmTenancy } from '../ports/tenancy-like.ts'
import { warnIfUntested } from '../tested-versions.ts'
import { LentPool } from './shared/lent-pool.ts'
import { assertNoneRefused } from './shared/refused-options.ts'

export { kyselyMigrations, type KyselyMigrationsOptions } from '../migrations/sources/tools/kysely.ts'
export type {
  FilesOptions,
  ListedMigrations,
  MigrationFolders,
  MigrationModule,
} from '../migrations/sources/tools/given-migrations.ts'
export type { OrmTenancy } from '../ports/tenancy-like.ts'

/** The options of Kysely and of its PostgresDialect, without what the tenancy decides. `cursor`, of pg-cursor, is needed for `stream()`. */
export type TenantKyselyOptions = Omit<KyselyConfig, 'dialect'> & Omit<PostgresDialectConfig, 'pool'>

/**
 * The options of a Kysely on `tenancy.pool`. Make one Kysely for the whole app; `destroy()` leaves the pool open.
 * @example
 * const db = new Kysely<Tables>(tenantKyselyOptions(tenancy, { cursor: Cursor }))
 * await tenancy.run('acme', () => db.selectFrom('projects').selectAll().execute())
 * @throws TenancyError INVALID_OPTION
 */
export function tenantKyselyOptions({ pool }: Pick<OrmTenancy, 'pool'>, options: TenantKyselyOptions = {}): KyselyConfig {
  assertNoneRefused('tenantKyselyOptions', options, refused)
  warnIfUntested('kysely')
  // Kysely and its dialect share no names, and each reads its own.
  return { ...options, dialect: new PostgresDialect({ ...options, pool: new LentPool(pool) as PostgresPool }) }
}

const refused = {
  dialect: 'The adapter gives a PostgresDialect.',
  pool: 'The pool is tenancy.pool; set "pool" in partywall.config.ts.',
} as const
