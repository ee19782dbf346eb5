/**
 * Keeps the structure of a tenant as it is while a template is saved from it. PostgreSQL reads rows by the snapshot, but the definition of a table as it is now, and a
 * table that was rewritten since looks empty: so the tables are locked before the snapshot is taken.
 */
import { TenancyError } from '../../errors.ts'
import { lockKey } from '../../migrations/apply/guards.ts'
import { identifier } from '../../names/identifier.ts'
import type { Transaction } from '../../ports/database.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Statement } from '../../sql/statement.ts'
import { identityOf } from '../../tenant-identity.ts'
import type { Tenant } from '../../types.ts'

const lockTimeoutMs = 2000

/**
 * In a transaction without a snapshot.
 * @param tables whose rows are read; those that are not there are left out
 * @throws TenancyError TENANT_LOCKED
 */
export async function holdTenant(transaction: Transaction, tenant: Tenant<any>, tables: readonly string[]): Promise<void> {
  const { schema } = tenant
  await transaction.query({ text: `set local lock_timeout = ${lockTimeoutMs}` })
  for (const table of tables) await lock(transaction, schema, table)
  const { rows } = await transaction.query<Guarded>(guardSql(schema))
  const { held, current } = rows[0]!
  const oid = identityOf(tenant)?.schemaOid
  // Another tenant may have the name by now.
  if (held !== 'true' || current === null || (oid !== undefined && oid !== current)) throw locked(schema)
}

async function lock(transaction: Transaction, schema: string, table: string): Promise<void> {
  await transaction.query({ text: 'savepoint partywall_lock' })
  try {
    await transaction.query({ text: `lock table ${identifier(schema)}.${identifier(table)} in access share mode` })
  } catch (error) {
    if (sqlStateOf(error) === '55P03') throw locked(schema, error)
    if (!isNoTable(error)) throw error
    // What the tenant lacks is said later.
    await transaction.query({ text: 'rollback to savepoint partywall_lock' })
  }
}

/** Not there, or a view. */
function isNoTable(error: unknown): boolean {
  return ['42P01', '3F000', '42809'].includes(sqlStateOf(error) ?? '')
}

function locked(schema: string, cause?: unknown): TenancyError {
  return new TenancyError(
    'TENANT_LOCKED',
    `No template was saved from the tenant ${JSON.stringify(schema)}: it is being migrated, was renamed, or another transaction holds a lock on one of its tables. Try ` +
      'again when that has ended.',
    { details: { schema }, ...(cause !== undefined && { cause }) },
  )
}

type Guarded = Record<string, unknown> & { readonly held: string; readonly current: string | null }

/** Keeps migrations and moves out until the transaction ends. What the name means is asked without the snapshot. */
function guardSql(schema: string): Statement {
  return {
    text: `
      select pg_catalog.pg_try_advisory_xact_lock_shared(${lockKey(schema)})::text as held,
        pg_catalog.to_regnamespace($1::text)::pg_catalog.oid::text as current`,
    values: [identifier(schema)],
  }
}
