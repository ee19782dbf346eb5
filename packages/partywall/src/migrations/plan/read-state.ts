/** Reads the state of one schema from its own tables, where the digest does not give it. */
import type { Queryable } from '../../sql/statement.ts'
import { TenancyError } from '../../errors.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { digestOf, type AppliedMigration } from '../history/digest.ts'
import { historyMissing, readHistory, type HistoryDigest } from '../history/history.ts'
import { nothingApplied, type SchemaState } from '../history/schema-state.ts'
import { readBaseline } from './baseline.ts'
import type { Goal } from './planned.ts'
import type { FleetTarget } from './targets.ts'

/**
 * Costs two queries for a history; one or two when another tool may have migrated the schema; none for an empty schema.
 * @throws TenancyError HISTORY_MISSING, HISTORY_DISAGREES, SCHEMA_MISSING; MIGRATION_CHANGED for the history of another tool
 */
export async function readState(
  queryable: Queryable,
  { schema, source, tenant }: FleetTarget,
  migrations: readonly Migration[],
  stored: HistoryDigest & { readonly isEmpty: boolean },
  { verify = false, fake = false }: Goal,
): Promise<SchemaState> {
  if (stored.hasHistory) {
    const { digest, applied, unfinished } = await readHistory(queryable, schema)
    if (verify && digest !== null && digest !== digestOf(applied)) throw disagrees(schema, applied)
    const isUntouched = applied.length === 0 && unfinished === undefined
    const toRecord = isUntouched ? await readBaseline(queryable, schema, source, migrations) : undefined
    return { hasHistory: true, digest, applied, ...(unfinished && { unfinished }), ...(toRecord && { toRecord }) }
  }
  if (stored.isEmpty) return nothingApplied
  const toRecord = await readBaseline(queryable, schema, source, migrations)
  if (toRecord !== undefined) return { ...nothingApplied, toRecord }
  // The shared schema may have tables from before partywall was used.
  if (tenant !== undefined && !fake) throw historyMissing(schema)
  return nothingApplied
}

function disagrees(schema: string, applied: readonly AppliedMigration[]): TenancyError {
  return new TenancyError(
    'HISTORY_DISAGREES',
    `The history of the schema ${JSON.stringify(schema)} holds ${applied.length} migrations (the last one is ${applied.at(-1)?.name ?? 'none'}), but its ` +
      'digest, the comment of the table partywall_migrations, is that of another history: the rows or the comment were changed by hand. ' +
      'If the rows are right, remove the comment (comment on table … is null); the next run writes it again.',
    { details: { schema, applied: applied.length } },
  )
}
