/** The tables of Better Auth as a migration. Its text follows from the options alone, so no database is asked for it. */
import { createHash } from 'node:crypto'
import type { BetterAuthOptions } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { DummyDriver, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, type Dialect } from 'kysely'
import type { MigrationSource } from '../../ports/migration-source.ts'

/**
 * The SQL of the tables that these options need, in an empty schema: for a file in your folder of migrations.
 * @example await writeFile('migrations/tenant/0001_users.sql', await betterAuthSql(options))
 */
export async function betterAuthSql(options: BetterAuthOptions): Promise<string> {
  const { compileMigrations } = await getMigrations({
    ...options,
    logger: { disabled: true },
    database: { dialect: emptyDatabase, type: 'postgres' },
  })
  return `${(await compileMigrations()).trim()}\n`
}

/**
 * The same as a source with one migration, for a kind of tenants, or the shared schema, that has no other tables. When another version or other options give another text, the run is
 * refused with MIGRATION_CHANGED: from then on keep the text as a file, with the change as a second one.
 * @example createTenancy({ migrations: { shared: betterAuthMigrations(centralModels(options)) } })
 */
export function betterAuthMigrations(options: BetterAuthOptions): MigrationSource {
  return {
    name: 'better-auth',
    list: async () => {
      const text = await betterAuthSql(options)
      const checksum = createHash('sha256').update(text).digest('hex')
      return [{ name: '0001_better_auth', file: 'better-auth', checksum, up: { kind: 'sql', text, line: 1 } }]
    },
  }
}

const emptyDatabase: Dialect = {
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => new DummyDriver(),
  createIntrospector: (database) => new PostgresIntrospector(database),
  createQueryCompiler: () => new PostgresQueryCompiler(),
}
