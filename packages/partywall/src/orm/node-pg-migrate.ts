/** partywall/node-pg-migrate, for node-pg-migrate 9: its migrations, applied to every tenant. */
export { nodePgMigrations, type NodePgMigrateOptions } from '../migrations/sources/tools/node-pg-migrate.ts'
