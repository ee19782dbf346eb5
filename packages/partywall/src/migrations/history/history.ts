/** What was applied in one schema, from its own table `partywall_migrations`, and the state of all schemas, from the digests of those tables. */
import type { Queryable } from '../../sql/statement.ts'
import { TenancyError } from '../../errors.ts'
import type { AppliedMigration } from './digest.ts'
import { digestsSql, nonEmptySchemasSql, readHistorySql } from './history-sql.ts'
import type { Unfinished } from './unfinished.ts'

export type { AppliedMigration } from './digest.ts'

/** What stands for the history of one schema, as PostgreSQL's catalog gives it. */
export interface HistoryDigest {
  readonly hasHistory: boolean
  /** Null when there is no history, or one without a digest: then its rows must be read. */
  readonly digest: string | null
}

export interface History extends HistoryDigest {
  /** In the order in which they were applied. */
  readonly applied: readonly AppliedMigration[]
  /** A migration outside of transactions that stopped in the middle. */
  readonly unfinished: Unfinished | undefined
}

/** The digests of those of these schemas that exist; the result may have other schemas, too. Costs one query for all of them. */
export async function readDigests(queryable: Queryable, schemas: readonly string[]): Promise<Map<string, HistoryDigest>> {
  const { rows } = await queryable.query<HistoryDigest & { schema: string }>(digestsSql(schemas))
  return new Map(rows.map(({ schema, hasHistory, digest }) => [schema, { hasHistory, digest }]))
}

/** Which of these schemas hold tables, views or sequences. One query. */
export async function readNonEmptySchemas(queryable: Queryable, schemas: readonly string[]): Promise<Set<string>> {
  const { rows } = await queryable.query<{ schema: string }>(nonEmptySchemasSql(schemas))
  return new Set(rows.map(({ schema }) => schema))
}

/**
 * The history of one schema. Costs two queries; one when there is none.
 * @throws TenancyError SCHEMA_MISSING
 */
export async function readHistory(queryable: Queryable, schema: string): Promise<History> {
  const stored = (await readDigests(queryable, [schema])).get(schema)
  if (stored === undefined) throw schemaMissing(schema)
  if (!stored.hasHistory) return { ...stored, applied: [], unfinished: undefined }
  const { rows } = await queryable.query<AppliedMigration & { statements: number | null }>(readHistorySql(schema))
  const applied: AppliedMigration[] = []
  let unfinished: History['unfinished']
  for (const { name, checksum, statements } of rows) {
    if (statements === null) applied.push({ name, checksum })
    else unfinished = { name, checksum, statements }
  }
  return { ...stored, applied, unfinished }
}

export function schemaMissing(schema: string): TenancyError {
  return new TenancyError(
    'SCHEMA_MISSING',
    `The schema ${JSON.stringify(schema)} is in the catalog, but not in the database: it was dropped or renamed outside of partywall. ` +
      'Restore it from a backup, or remove the tenant.',
    { details: { schema } },
  )
}

export function historyMissing(schema: string): TenancyError {
  return new TenancyError(
    'HISTORY_MISSING',
    `The schema ${JSON.stringify(schema)} holds tables, but its history (the table partywall_migrations) is missing, so partywall cannot know ` +
      'which migrations were applied there; nothing was run. Restore the table from a backup; or, if you know which migration was the last ' +
      `one, record it: npx partywall migrate --fake --tenant ${schema} --to <migration>.`,
    { details: { schema } },
  )
}
