/**
 * Brings one schema up to date, inside a transaction that somebody else opened and ends: the runner for a schema that is there,
 * provisioning for one that is being made. Either all that was pending is applied and in the history, or nothing is.
 */
import type { Transaction } from '../database/database.ts'
import { transactionLockSql } from '../database/schema-sql.ts'
import { sql } from '../database/sql.ts'
import type { Tenant } from '../types.ts'
import { migrationFailed } from './failure.ts'
import { createHistory, readHistory, record } from './history.ts'
import { MigrationSession } from './migration-session.ts'
import { planMigrations } from './plan.ts'
import type { Migration, Step } from './source.ts'

export interface MigrationTarget {
  readonly schema: string
  /** Absent for the shared schema. */
  readonly tenant?: Tenant<any> | undefined
}

/**
 * Applies what is pending and gives the names. Holds a lock on the name of the schema until the transaction ends: a second deploy
 * waits, and then finds nothing pending. Costs three queries when nothing is pending, and two more for each migration.
 * @throws TenancyError MIGRATION_FAILED, MIGRATION_CHANGED, SCHEMA_MISSING
 */
export async function applyPending(
  transaction: Transaction,
  target: MigrationTarget,
  migrations: readonly Migration[],
  to?: string,
): Promise<string[]> {
  const { schema } = target
  await transaction.query(transactionLockSql(`partywall: migrate ${schema}`))
  const history = await readHistory(transaction, schema)
  const { pending, problem } = planMigrations(schema, migrations, history.applied, to)
  if (problem !== undefined) throw problem
  if (pending.length > 0 && !history.hasTable) await createHistory(transaction, schema)
  for (const migration of pending) {
    await runStep(transaction, target, migration)
    await record(transaction, schema, migration)
  }
  return pending.map(({ name }) => name)
}

async function runStep(transaction: Transaction, target: MigrationTarget, migration: Migration): Promise<void> {
  const bound = transaction.in(target.schema)
  const step: Step = migration.up
  try {
    if (step.kind === 'sql') {
      await bound.query({ text: step.text })
      return
    }
    await MigrationSession.use(bound, async (client) => step.run({ client, tenant: target.tenant, sql }))
  } catch (error) {
    throw migrationFailed(target.schema, migration, step, error)
  }
}
