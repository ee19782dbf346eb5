/**
 * A schema that another tool has migrated before: what the tool wrote down becomes the history of the schema, once, so that nothing is
 * applied a second time. The tool's table is read and left as it is.
 */
import { identifier } from '../../names/identifier.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { AppliedMigration } from '../history/history.ts'
import { goneSince } from '../sources/imported/history-files.ts'
import type { Migration, MigrationSource } from '../../ports/migration-source.ts'

/**
 * What another tool has applied in a schema that has no history of partywall's yet, with the checksums of now; undefined when there is
 * no such tool, or it was never there. Writes nothing. Costs one query, and one more when the tool's table is there.
 * @param migrations as the source lists them
 * @throws TenancyError MIGRATION_CHANGED for a file that is gone or has changed since, or that the tool did not finish
 */
export async function takeOver(
  queryable: Queryable,
  schema: string,
  source: Pick<MigrationSource, 'former'> | undefined,
  migrations: readonly Migration[],
): Promise<AppliedMigration[] | undefined> {
  const former = source?.former
  if (former === undefined) return undefined
  const home = former.schema ?? schema
  const { rows } = await queryable.query(tableExistsSql(home, former.table))
  if (rows.length === 0) return undefined
  const from = { table: `${identifier(home)}.${identifier(former.table)}`, schema }
  const files = new Map(migrations.map((migration) => [migration.name, migration]))
  return [...new Set(await former.read(queryable, from, migrations))].map((name) => {
    const migration = files.get(name)
    if (migration === undefined) throw goneSince(from, name)
    return { name, checksum: migration.checksum }
  })
}

function tableExistsSql(schema: string, table: string): Statement {
  return {
    text: `
      select 1 as found
      from pg_catalog.pg_class
      join pg_catalog.pg_namespace as namespace on namespace.oid = relnamespace
      where namespace.nspname = $1::text
        and relname = $2::text
        and relkind in ('r', 'p')`,
    values: [schema, table],
  }
}
