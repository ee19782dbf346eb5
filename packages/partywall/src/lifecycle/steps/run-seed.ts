/**
 * Runs one seed in a tenant so that it takes effect exactly once, also when this process or the server is killed: its statements and the record that
 * it is done are one transaction. They run as the tenant, so a seed may do what the application may.
 *
 * A tenant with the boundary `login` has connections of its own, which may not change the catalog. There the id of the transaction is recorded before
 * its commit, and the next attempt asks the server what became of it.
 */
import type { PoolClient } from 'pg'
import type { Transaction } from '../../ports/database.ts'
import { boundaryOf } from '../../config/boundary-option.ts'
import { TenancyError } from '../../errors.ts'
import { MigrationSession } from '../../migrations/apply/migration-session.ts'
import { sql } from '../../sql/sql.ts'
import { examine } from '../../sql/statement-facts.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { Tenant } from '../../types.ts'
import { StatementFailed, stepsAreRunning } from './step-errors.ts'
import type { SeedBody } from './step.ts'
import { lockStepSql, noteTransactionSql, transactionStatusSql, type StepRow } from './steps-sql.ts'
import type { Besides, StepsParts } from './steps-parts.ts'

/** @param end records that the seed is done, in its transaction */
export async function runSeed<T>(
  parts: StepsParts<any>,
  besides: Besides,
  tenant: Tenant<any>,
  seed: SeedBody,
  end: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  if (boundaryOf(parts.options.boundary, tenant) === 'login') return runByLogin(parts, tenant, seed, end)
  return besides.transaction(async (transaction) => {
    await transaction.query(lockStepSql(tenant.id, seed.name))
    await sendSeed(parts, tenant, seed, transaction.asTenant(tenant))
    return end(transaction)
  })
}

async function runByLogin<T>(
  parts: StepsParts<any>,
  tenant: Tenant<any>,
  seed: SeedBody,
  end: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const { catalog } = parts
  if (!(await isCommitted(parts, tenant, seed))) {
    await inOwnTransaction(parts, tenant, async (own) => {
      await sendSeed(parts, tenant, seed, own)
      const { rows } = await own.query<{ id: string }>({ text: 'select pg_catalog.pg_current_xact_id()::text as id' })
      await catalog.query(noteTransactionSql(tenant.id, seed.name, rows[0]!.id))
    })
  }
  return catalog.transaction(end)
}

/** Whether an earlier attempt was committed, and only its record is missing. */
async function isCommitted({ catalog }: StepsParts<any>, { id, schema }: Tenant<any>, seed: SeedBody): Promise<boolean> {
  const { rows } = await catalog.query<StepRow & Record<string, unknown>>(lockStepSql(id, seed.name))
  const transaction = rows[0]?.transaction_id ?? null
  if (transaction === null) return false
  const found = await catalog.query<{ status: string | null }>(transactionStatusSql(transaction))
  const status = found.rows[0]?.status
  if (status === 'committed') return true
  if (status === 'aborted') return false
  if (status === 'in progress') throw stepsAreRunning(schema)
  throw new TenancyError(
    'PROVISION_FAILED',
    `The seed ${seed.name} may have run in the tenant ${JSON.stringify(schema)} already: its last attempt was so long ago that the server does not know what ` +
      'became of it. Look at the rows. If they are missing, set transaction_id of its row in partywall.tenant_steps to null; if they are there, set state to done.',
    { details: { schema, step: seed.name } },
  )
}

/** A transaction on a connection of the tenant. */
async function inOwnTransaction(
  { scope, connect }: StepsParts<any>,
  tenant: Tenant<any>,
  work: (own: Queryable) => Promise<void>,
): Promise<void> {
  const client = await scope.run(tenant, connect)
  const control = (text: string): Promise<unknown> => scope.run(tenant, () => client.query(text))
  try {
    await control('begin isolation level read committed')
    await scope.runOutside(() => work(insideOf(client, (send) => scope.run(tenant, send))))
    await control('commit')
  } catch (error) {
    // If the rollback fails too, the connection is not clean, and the pool destroys it.
    await control('rollback').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

function insideOf(client: PoolClient, inScope: <T>(send: () => T) => T): Queryable {
  return {
    async query({ text, values }: Statement) {
      const { control } = examine(text).facts
      if (control === 'begin' || control === 'end') {
        throw new TenancyError(
          'UNSAFE_STATEMENT',
          'BEGIN, COMMIT or ROLLBACK was sent in a transaction that partywall opens and ends. Leave it out.',
        )
      }
      return inScope(() => client.query(text, values && [...values]))
    },
  }
}

async function sendSeed({ signal }: StepsParts<any>, tenant: Tenant<any>, seed: SeedBody, queryable: Queryable): Promise<void> {
  if (seed.kind === 'code') {
    await MigrationSession.use(queryable, async (client) => void (await seed.run({ client, tenant, sql, signal })))
    return
  }
  // One after another, so that each is bound by itself, and an error has its line.
  for (const { text, line } of seed.statements) {
    try {
      await queryable.query({ text })
    } catch (error) {
      throw new StatementFailed(lineOf(error, text, line), error)
    }
  }
}

/** PostgreSQL says at which character of the statement the error is. */
function lineOf(error: unknown, text: string, line: number): number {
  const position = Number((error as { position?: unknown } | null)?.position)
  return Number.isInteger(position) && position > 0 ? line + text.slice(0, position - 1).split('\n').length - 1 : line
}
