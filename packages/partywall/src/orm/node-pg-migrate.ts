/** partywall/node-pg-migrate, for node-pg-migrate 9: its migrations, applied to every tenant. */
import '../node-version.ts'
export {
  nodePgMigrateMigrations,
  type NodePgMigrateMigrationsOptions,
  type NodePgMigrateModule,
} from '../migrations/sources/tools/node-pg-migrate.ts'
export type { FilesOptions, ListedMigrations, MigrationFolders } from '../migrations/sources/tools/given-migrations.ts'
