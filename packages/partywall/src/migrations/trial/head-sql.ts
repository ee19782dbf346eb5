/** The statements about a database that stands at the head of a history. */
import { catalogSchema, identifier } from '../../names/identifier.ts'
import type { Statement } from '../../sql/statement.ts'

export function currentDatabaseSql(): Statement {
  return { text: 'select pg_catalog.current_database()::text as name' }
}

/** What a run of the shared migrations has left of partywall's own. */
export function dropOwnTablesSql(sharedSchema: string): readonly Statement[] {
  return [
    { text: `drop table if exists ${identifier(sharedSchema)}.partywall_migrations` },
    { text: `drop schema if exists ${identifier(catalogSchema)} cascade` },
  ]
}

export function hasMetadataSql(): Statement {
  return { text: `select pg_catalog.to_regclass('public.typeorm_metadata') is not null as "isThere"` }
}

/** TypeORM records views and generated columns with the name of their database, and finds them by it. */
export function databaseInMetadataSql(): Statement {
  return { text: `update public.typeorm_metadata set "database" = pg_catalog.current_database() where "database" is not null` }
}

/** How many sessions the database has had. */
export function sessionCountSql(): Statement {
  return {
    text: `
      select sessions::int8::text as count
      from pg_catalog.pg_stat_database
      where datname = pg_catalog.current_database()`,
  }
}
