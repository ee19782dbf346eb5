/** What was applied in one schema, in its own table `partywall_migrations`, and how all schemas stand by the digests of those tables. */
import type { Queryable } from '../../sql/statement.ts'
import { TenancyError } from '../../errors.ts'
import type { AppliedMigration } from './digest.ts'
import { headsSql, inhabitedSql, readHistorySql } from './history-sql.ts'
import type { Unfinished } from './unfinished.ts'

export type { AppliedMigration } from './digest.ts'

/** How one schema stands, as PostgreSQL's catalog tells it. */
export interface Head {
  readonly hasHistory: boolean
  /** Absent when there is no history, or one without a digest: its rows must be read. */
  readonly digest: string | null
}

export interface History extends Head {
  /** In the order in which they were applied. */
  readonly applied: readonly AppliedMigration[]
  /** A migration outside of transactions that stopped in the middle. */
  readonly unfinished: Unfinished | undefined
}

/** The heads of these schemas, as far as they are there; perhaps those of others, too. Costs one query for all of them. */
export async function readHeads(queryable: Queryable, schemas: readonly string[]): Promise<Map<string, Head>> {
  const { rows } = await queryable.query<Head & { schema: string }>(headsSql(schemas))
  return new Map(rows.map(({ schema, hasHistory, digest }) => [schema, { hasHistory, digest }]))
}

/** Which of these schemas hold tables, views or sequences. One query. */
export async function readInhabited(queryable: Queryable, schemas: readonly string[]): Promise<Set<string>> {
  const { rows } = await queryable.query<{ schema: string }>(inhabitedSql(schemas))
  return new Set(rows.map(({ schema }) => schema))
}

/**
 * The history of one schema. Costs two queries; one when there is none.
 * @throws TenancyError SCHEMA_MISSING
 */
export async function readHistory(queryable: Queryable, schema: string): Promise<History> {
  const head = (await readHeads(queryable, [schema])).get(schema)
  if (head === undefined) throw schemaMissing(schema)
  if (!head.hasHistory) return { ...head, applied: [], unfinished: undefined }
  const { rows } = await queryable.query<AppliedMigration & { statements: number | null }>(readHistorySql(schema))
  const applied: AppliedMigration[] = []
  let unfinished: History['unfinished']
  for (const { name, checksum, statements } of rows) {
    if (statements === null) applied.push({ name, checksum })
    else unfinished = { name, checksum, statements }
  }
  return { ...head, applied, unfinished }
}

export function schemaMissing(schema: string): TenancyError {
  return new TenancyError(
    'SCHEMA_MISSING',
    `The schema ${JSON.stringify(schema)} is in the catalog, but not in the database: it was dropped or renamed outside partywall. ` +
      'Restore it from a backup, or remove the tenant.',
    { details: { schema } },
  )
}

export function historyMissing(schema: string): TenancyError {
  return new TenancyError(
    'HISTORY_MISSING',
    `The schema ${JSON.stringify(schema)} holds tables, but its history (the table partywall_migrations) is gone, so nobody knows what was ` +
      'applied there; nothing was done. Restore the table from a backup; or, when you know which migration is the last one applied, write ' +
      `it down: npx partywall migrate --fake --tenant ${schema} --to <migration>.`,
    { details: { schema } },
  )
}
