/** Runs one step of a tenant, with its record in the catalog and its events. */
import { recordAction } from '../../catalog/audit/record.ts'
import { moves } from '../../catalog/tenants/moves.ts'
import { setStatusSql } from '../../catalog/tenants/tenants-sql.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Tenant } from '../../types.ts'
import { runSeed } from './run-seed.ts'
import { failureOf, stepFailed, type StepFailure } from './step-errors.ts'
import type { StepBody } from './step.ts'
import type { Besides, StepsParts } from './steps-parts.ts'
import { beginStepSql, endStepSql, failStepSql } from './steps-sql.ts'

export interface StepToRun<A extends object> {
  readonly tenant: Tenant<A>
  readonly body: StepBody
  /** Where a seed has its transaction. */
  readonly besides: Besides
  /** Also when it is done. */
  readonly again?: boolean | undefined
  /** Its tenant is not complete yet; `last`: after this step it is. */
  readonly creation?: 'first steps' | 'last' | undefined
}

export interface StepResult<A extends object> {
  /** False: it was done already. */
  readonly hasRun: boolean
  /** The tenant, when this step has completed it. */
  readonly completed: Tenant<A> | undefined
}

/** @throws TenancyError PROVISION_FAILED */
export async function runStep<A extends object>(parts: StepsParts<A>, step: StepToRun<A>): Promise<StepResult<A>> {
  const { tenant, body, again = false } = step
  const begun = await parts.catalog.query<{ attempts: string }>(beginStepSql(tenant.id, body.name, again))
  if (begun.rows[0] === undefined) return { hasRun: false, completed: undefined }
  parts.events.emit('tenant.step.started', { tenant, step: body.name, attempt: Number(begun.rows[0].attempts) })
  const started = performance.now()
  const ended = (error?: unknown): void =>
    void parts.events.emit('tenant.step.ended', {
      tenant,
      step: body.name,
      durationMs: performance.now() - started,
      ...(error !== undefined && { error }),
    })
  try {
    const completed = await work(parts, step)
    ended()
    return { hasRun: true, completed }
  } catch (thrown) {
    const failure = failureOf(body, thrown)
    await recordFailure(parts, step, failure)
    const error = stepFailed(tenant, body, failure, step.creation !== undefined)
    ended(error)
    throw error
  }
}

async function work<A extends object>(parts: StepsParts<A>, step: StepToRun<A>): Promise<Tenant<A> | undefined> {
  const { tenant, body } = step
  const end = (transaction: Transaction): Promise<Tenant<A> | undefined> => endStep(parts, transaction, step)
  if (body.kind !== 'hook') return runSeed(parts, step.besides, tenant, body, end)
  await parts.scope.run(tenant, async () => {
    const client = await parts.connect()
    try {
      await body.run(tenant, { client, signal: parts.signal })
    } finally {
      client.release()
    }
  })
  return parts.catalog.transaction(end)
}

/** The last step of a new tenant makes it active, in the transaction of its end. */
async function endStep<A extends object>(
  { tenants }: StepsParts<A>,
  transaction: Transaction,
  { tenant, body, creation }: StepToRun<A>,
): Promise<Tenant<A> | undefined> {
  await transaction.query(endStepSql(tenant.id, body.name))
  if (body.kind !== 'hook') await recordAction(transaction, { action: 'tenant.seeded', tenant, object: body.name })
  return creation === 'last' ? completeTenant(tenants, transaction, tenant) : undefined
}

export function completeTenant<A extends object>(
  tenants: StepsParts<A>['tenants'],
  transaction: Transaction,
  { id }: Tenant<A>,
): Promise<Tenant<A> | undefined> {
  const statement = setStatusSql({ by: 'id', value: id }, moves.complete.from, moves.complete.to)
  return tenants.move(transaction, statement, 'tenant.provisioned', {})
}

async function recordFailure<A extends object>(
  { catalog, tenants }: StepsParts<A>,
  { tenant, body, creation }: StepToRun<A>,
  { words }: StepFailure,
): Promise<void> {
  try {
    await catalog.transaction(async (transaction) => {
      const { rows } = await transaction.query(failStepSql(tenant.id, body.name, words.slice(0, mostLength)))
      if (rows.length === 0 || creation === undefined) return
      const statement = setStatusSql({ by: 'id', value: tenant.id }, moves.fail.from, moves.fail.to)
      await tenants.move(transaction, statement, 'tenant.failed', { step: body.name })
    })
  } catch {
    // The failure itself matters more. What is recorded is "running", from which the tenant is resumed as well.
  }
  if (creation !== undefined) tenants.left(tenant)
}

const mostLength = 1000
