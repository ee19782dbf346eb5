/** What was applied in one schema, in its own table `partywall_migrations`. */
import { explainPrivilege } from '../database/privilege.ts'
import type { Queryable } from '../database/statement.ts'
import { TenancyError } from '../errors.ts'
import { createHistorySql, historyExistsSql, readHistorySql, recordSql } from './history-sql.ts'
import type { Migration } from './source.ts'

export interface AppliedMigration {
  readonly name: string
  readonly checksum: string
}

export interface History {
  /** In the order of their names. */
  readonly applied: readonly AppliedMigration[]
  readonly hasTable: boolean
}

/**
 * The history of a schema; empty when nothing was ever applied. Costs two queries.
 * @throws TenancyError SCHEMA_MISSING
 */
export async function readHistory(queryable: Queryable, schema: string): Promise<History> {
  const { rows } = await queryable.query<{ history: string | null }>(historyExistsSql(schema))
  if (rows[0] === undefined) throw schemaMissing(schema)
  if (rows[0].history === null) return { applied: [], hasTable: false }
  const history = await queryable.query<{ name: string; checksum: string }>(readHistorySql(schema))
  return { applied: history.rows, hasTable: true }
}

/** Makes the table of a schema that has none yet. */
export async function createHistory(queryable: Queryable, schema: string): Promise<void> {
  try {
    await queryable.query(createHistorySql(schema))
  } catch (error) {
    const name = JSON.stringify(schema)
    throw explainPrivilege(
      error,
      `migrate the schema ${name}`,
      `Migrate as the owner of the schema, or run: grant create on schema ${name} to …;`,
    )
  }
}

/** Writes down that a migration was applied, in the transaction that applied it. */
export async function record(queryable: Queryable, schema: string, migration: Migration): Promise<void> {
  await queryable.query(recordSql(schema, migration.name, migration.checksum))
}

function schemaMissing(schema: string): TenancyError {
  return new TenancyError(
    'SCHEMA_MISSING',
    `The schema ${JSON.stringify(schema)} is in the catalog, but not in the database: it was dropped or renamed outside partywall. ` +
      'Restore it from a backup, or remove the tenant.',
    { details: { schema } },
  )
}
