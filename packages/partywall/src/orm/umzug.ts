/** partywall/umzug, for the migrations of Umzug 3, with or without Sequelize: applied to every tenant. */
import '../node-version.ts'
export { umzugMigrations, type UmzugMigrationsOptions, type UmzugParams } from '../migrations/sources/tools/umzug.ts'
export type {
  FilesOptions,
  ListedMigrations,
  MigrationFolders,
  MigrationModule,
} from '../migrations/sources/tools/given-migrations.ts'
