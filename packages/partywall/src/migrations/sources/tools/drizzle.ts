/** The migrations of drizzle-kit as a source. Both of its formats write `"public".` in front of some names. */
import { TenancyError } from '../../../errors.ts'
import { seen } from '../../../seen.ts'
import type { MigrationSource, SourcePlace } from '../../../ports/migration-source.ts'
import { drizzleHistory } from '../imported/drizzle-history.ts'
import { assertDistinct } from './code-folder.ts'
import { readDrizzleFolder } from './drizzle-files.ts'
import type { FilesOptions, MigrationFolders } from './given-migrations.ts'
import { givenSource } from './given-source.ts'
import { sqlMigrations } from './tool-sql.ts'
import type { ToolOptions } from './tool-source.ts'

export interface DrizzleMigrationsOptions extends ToolOptions, FilesOptions {
  /** Drizzle's own table. @default '__drizzle_migrations' */
  readonly migrationsTable?: string | undefined
  /**
   * The schema of Drizzle's table, if it is not in the schema that is migrated; Drizzle's own default is 'drizzle'. Only for the shared
   * schema: one table cannot be the history of many schemas. @default the schema that is migrated
   */
  readonly migrationsSchema?: string | undefined
  /**
   * What happens to a `.sql` file that meta/_journal.json does not have, so that Drizzle never applies it. `ignore`: it is not applied here,
   * either. @default 'refuse'
   */
  readonly orphans?: 'refuse' | 'ignore' | undefined
}

/**
 * The migrations that drizzle-kit has generated, as a source. Each listing reads every file.
 * @param folder `out` of drizzle.config.ts; several are applied one after the other
 * @example createTenancy({ migrations: { tenant: drizzleMigrations('drizzle') } })
 * @throws TenancyError INVALID_OPTION
 */
export function drizzleMigrations(folder: MigrationFolders, options: DrizzleMigrationsOptions = {}): MigrationSource {
  const { migrationsTable = '__drizzle_migrations', migrationsSchema, orphans = 'refuse', order } = options
  const source = givenSource({
    called: 'drizzleMigrations',
    given: folder,
    options,
    ownOptions: ['migrationsTable', 'migrationsSchema', 'orphans'],
    makeNew: 'npx drizzle-kit generate',
    imported: drizzleHistory(migrationsTable, migrationsSchema),
    check: (place) => assertOneHistory(place, migrationsSchema),
    list: async ({ folders, isMigration }) => {
      const read = await Promise.all(folders.map((path) => readDrizzleFolder(path, isMigration, orphans === 'ignore')))
      // Each folder has its own order: several are applied one after the other.
      const migrations = read.flat()
      assertDistinct(migrations.map(({ name, up }) => ({ name, path: up.file })))
      return sqlMigrations(order === undefined ? migrations : migrations.toSorted((a, b) => order(a.name, b.name)))
    },
  })
  assertOrphans(orphans)
  return source
}

function assertOrphans(orphans: unknown): void {
  if (orphans === 'refuse' || orphans === 'ignore') return
  throw new TenancyError(
    'INVALID_OPTION',
    `"orphans" of drizzleMigrations must be 'refuse' or 'ignore'; it is ${seen(orphans, 'quoted')}.`,
    { details: { option: 'orphans' } },
  )
}

function assertOneHistory({ isShared }: SourcePlace, migrationsSchema: string | undefined): void {
  if (isShared || migrationsSchema === undefined) return
  throw new TenancyError(
    'INVALID_OPTION',
    `"migrationsSchema" of drizzleMigrations is only for the shared schema: the table in ${JSON.stringify(migrationsSchema)} cannot be the ` +
      'history of every tenant. Leave it out; a tenant that Drizzle has migrated has the table in its own schema.',
    { details: { option: 'migrationsSchema' } },
  )
}
