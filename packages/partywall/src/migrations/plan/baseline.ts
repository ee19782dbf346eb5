/**
 * The baseline of a schema that another tool has migrated: what the tool has recorded becomes the history of the schema, once, so that nothing
 * is applied a second time. The tool's table is read, and stays as it is.
 */
import { identifier } from '../../names/identifier.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { AppliedMigration } from '../history/history.ts'
import { fileGone } from '../sources/imported/file-checks.ts'
import type { Migration, MigrationSource } from '../../ports/migration-source.ts'

/**
 * What another tool has applied in a schema that has no history of partywall's own yet, with the current checksums and in the order of the
 * files: tools apply a file that was merged late, so the order in which they did it says nothing. Undefined when the source has no such tool,
 * or the tool never migrated this schema. Writes nothing. Costs one query, and one more when the tool's table exists.
 * @param migrations as the source lists them
 * @throws TenancyError MIGRATION_CHANGED for a file that is gone or has changed since, or that the tool did not finish
 */
export async function readBaseline(
  queryable: Queryable,
  schema: string,
  source: Pick<MigrationSource, 'imported'> | undefined,
  migrations: readonly Migration[],
): Promise<AppliedMigration[] | undefined> {
  const imported = source?.imported
  if (imported === undefined) return undefined
  const tableSchema = imported.schema ?? schema
  const { rows } = await queryable.query(tableExistsSql(tableSchema, imported.table))
  if (rows.length === 0) return undefined
  const from = { table: `${identifier(tableSchema)}.${identifier(imported.table)}`, schema }
  const files = new Map(migrations.map((migration) => [migration.name, migration]))
  const recorded = new Set(await imported.read(queryable, from, migrations))
  for (const name of recorded) if (!files.has(name)) throw fileGone(from, name)
  return migrations.filter(({ name }) => recorded.has(name)).map(({ name, checksum }) => ({ name, checksum }))
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
