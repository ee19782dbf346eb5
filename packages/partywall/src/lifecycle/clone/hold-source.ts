/**
 * One snapshot of the source, whose structure stays as the snapshot has it. PostgreSQL reads rows by the snapshot, but the definition of a table as it is now: so the
 * tables are locked before the snapshot is taken. The lock keeps out what changes a table, and no reader or writer of rows.
 */
import { assertMayMove } from '../../catalog/tenants/moves.ts'
import { TenancyError } from '../../errors.ts'
import { lockKey } from '../../migrations/apply/guards.ts'
import { digestsSql } from '../../migrations/history/history-sql.ts'
import { identifier } from '../../names/identifier.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Statement } from '../../sql/statement.ts'
import { identityOf } from '../../tenant-identity.ts'
import type { Tenant } from '../../types.ts'
import { lockTimeoutMs } from '../states/patiently.ts'
import { cloneRefused } from './clone-errors.ts'
import type { CloneParts } from './clone-parts.ts'
import { lockTablesText } from './copy-sql.ts'
import { areSameTables, readSourceTables, type ListedTable, type SourceTable } from './source-table.ts'

/** The source changed between a look at it and its lock, or a migration is running: the clone is tried again. */
export class SourceChanged extends Error {}

export interface HeldSource {
  readonly tables: readonly SourceTable[]
  /** Of its history. */
  readonly digest: string
}

/**
 * @param listed its tables, as they were before the transaction
 * @throws SourceChanged, TenancyError INVALID_TENANT_MOVE, SCHEMA_MISSING, HISTORY_MISSING, CLONE_REFUSED
 */
export async function holdSource(
  { tenants }: Pick<CloneParts, 'tenants'>,
  transaction: Transaction,
  from: Tenant<any>,
  listed: readonly ListedTable[],
  to: string,
): Promise<HeldSource> {
  // None of these takes a snapshot.
  await transaction.query({ text: 'set transaction isolation level repeatable read' })
  await transaction.query({ text: `set local lock_timeout = ${lockTimeoutMs}` })
  // PostgreSQL locks no foreign table by this statement.
  const lockable = listed.filter(({ kind }) => kind !== 'foreign table')
  if (lockable.length > 0) await lockTables(transaction, from.schema, lockable)
  const { rows } = await transaction.query<Guarded>(guardSql(from.schema))
  const { held, current } = rows[0]!
  if (held !== 'true') throw new SourceChanged('a migration of the source is running')
  const found = await tenants.complete(transaction, from)
  assertMayMove(found, 'clone')
  const oid = identityOf(found)?.schemaOid
  if (oid === null) throw schemaMissing(found.schema)
  if (found.schema !== from.schema || oid !== current) throw new SourceChanged('the source has another schema now')
  const tables = await readSourceTables(transaction, from.schema)
  if (!areSameTables(listed, tables)) throw new SourceChanged('the tables of the source have changed')
  return { tables, digest: await digestIn(transaction, from.schema, to) }
}

async function lockTables(transaction: Transaction, schema: string, tables: readonly ListedTable[]): Promise<void> {
  try {
    await transaction.query({ text: lockTablesText(schema, tables) })
  } catch (error) {
    const { code } = error as { code?: string }
    // The schema, or one of the tables, is gone since.
    if (code === '3F000' || code === '42P01') throw new SourceChanged('the tables of the source have changed')
    throw error
  }
}

async function digestIn(transaction: Transaction, schema: string, to: string): Promise<string> {
  const { rows } = await transaction.query<{ schema: string; hasHistory: boolean; digest: string | null }>(digestsSql([schema]))
  const found = rows.find((row) => row.schema === schema)
  if (found?.hasHistory !== true)
    throw new TenancyError(
      'HISTORY_MISSING',
      `The schema ${JSON.stringify(schema)} has no history of its migrations, so a clone of it could not be migrated. See what happened to the table ` +
        'partywall_migrations; "partywall migrate --fake" records what was applied.',
      { details: { schema } },
    )
  if (found.digest === null) throw cloneRefused(to, schema, ['a migration of it has stopped in the middle: finish it first'])
  return found.digest
}

function schemaMissing(schema: string): TenancyError {
  return new TenancyError(
    'SCHEMA_MISSING',
    `The schema ${JSON.stringify(schema)} of the tenant is not in the database, so it cannot be cloned.`,
    {
      details: { schema },
    },
  )
}

type Guarded = Record<string, unknown> & { readonly held: string; readonly current: string | null }

/** Keeps migrations and moves of the source out until the transaction ends. What the name means is asked without the snapshot. */
function guardSql(schema: string): Statement {
  return {
    text: `
      select pg_catalog.pg_try_advisory_xact_lock_shared(${lockKey(schema)})::text as held,
        pg_catalog.to_regnamespace($1::text)::pg_catalog.oid::text as current`,
    values: [identifier(schema)],
  }
}
