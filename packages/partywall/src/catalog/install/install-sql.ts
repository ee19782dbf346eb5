/** Statements with which partywall installs its own tables. Every name is qualified. */
import type { Statement } from '../../sql/statement.ts'
import type { CatalogMigration } from './migrations/catalog-migration.ts'

/** One row: `number`, the newest installed step, or null, and `shared`, whether there is a shared schema. Fails with 42P01 when there is no catalog. */
export function installedSql(sharedSchema: string): Statement {
  return {
    text: `
      select
        max(number)::text as number,
        exists (
          select from pg_catalog.pg_namespace as namespace
          where namespace.nspname = $1::name
        )::text as shared
      from partywall.migrations`,
    values: [sharedSchema],
  }
}

/** One row when there is a catalog of any version, else none. */
export const historyExistsSql: Statement = {
  text: `
    select history.relname::text as name
    from pg_catalog.pg_class as history
    join pg_catalog.pg_namespace as namespace
      on namespace.oid = history.relnamespace
    where namespace.nspname = 'partywall'
      and history.relname = 'migrations'`,
}

export function recordMigrationSql({ number, name, checksum }: CatalogMigration): Statement {
  return {
    text: `
      insert into partywall.migrations (number, name, checksum)
      values ($1::integer, $2::text, $3::text)`,
    values: [number, name, checksum],
  }
}

/** One row: `role` and `database`, for messages that say what to grant. */
export const connectedAsSql: Statement = {
  text: `
    select
      quote_ident(current_user) as role,
      quote_ident(current_database()) as database`,
}
