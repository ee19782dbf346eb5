/**
 * What runs in a new tenant after its schema was made: the seeds, then the hook. Each is a step with a name and a record. The transaction that creates the
 * tenant records what has to run, so a process that is killed at any moment leaves a tenant that says what is missing; `resume` continues it.
 */
import { assertMayMove, moves } from '../../catalog/tenants/moves.ts'
import { setStatusSql } from '../../catalog/tenants/tenants-sql.ts'
import type { Transaction } from '../../ports/database.ts'
import type { FleetReport, Tenant, TenantRef } from '../../types.ts'
import { completeTenant, runStep } from './run-step.ts'
import { recordCopiedSeeds, type DoneSeed } from './copied-seeds.ts'
import { copyFilesStep } from './copy-files.ts'
import { seedFleet, type SeedEntry, type SeedOptions } from './seed-fleet.ts'
import { readSeeds } from './seed-folder.ts'
import { withoutBody } from './step-errors.ts'
import { hookName, type StepBody, type TenantStep } from './step.ts'
import { stepsLock } from './steps-lock.ts'
import { connectionsOfTenant, type Besides, type StepsParts } from './steps-parts.ts'
import { insertStepsSql, stepsOfTenantSql, type StepRow } from './steps-sql.ts'

export class Steps<A extends object> {
  readonly #parts: StepsParts<A>

  constructor(parts: StepsParts<A>) {
    this.#parts = parts
  }

  /**
   * What a new tenant gets, read from the files.
   * @throws TenancyError INVALID_SEED
   */
  async planned(): Promise<readonly StepBody[]> {
    const { seeds, hooks } = this.#parts.options
    const run = hooks.onProvision
    return [...(await readSeeds(seeds)), ...(run === undefined ? [] : [{ kind: 'hook', name: hookName, run } as const])]
  }

  /** Inside the transaction that creates the tenant. @param copied seeds whose rows it has already */
  async record(
    transaction: Transaction,
    { id }: Tenant<A>,
    planned: readonly StepBody[],
    copied: readonly DoneSeed[],
  ): Promise<void> {
    await recordCopiedSeeds(transaction, { id }, copied)
    if (planned.length === 0) return
    const steps = planned.map(({ name, kind }) => ({ name, kind: kind === 'hook' ? kind : 'seed' }) as const)
    await transaction.query(insertStepsSql(id, undefined, steps))
  }

  /**
   * Runs what is not done yet. The tenant is active afterwards.
   * @throws TenancyError PROVISION_FAILED, TENANT_LOCKED
   */
  async run(tenant: Tenant<A>, planned: readonly StepBody[]): Promise<Tenant<A>> {
    const { besides, tenants } = this.#parts
    tenants.forget(tenant.id)
    return besides(connectionsOfTenant, (own) => stepsLock(own, tenant, () => this.#runAll(own, tenant, planned)))
  }

  /** tenancy.tenants.resume */
  async resume(ref: TenantRef): Promise<Tenant<A>> {
    const { besides, entry, tenants } = this.#parts
    const found = await this.#current(await tenants.get(ref))
    assertMayMove(found, 'provision')
    // The shared schema may have a name of its tables by now.
    await entry.assertMayEnter(found, { allowInactive: true })
    const planned = await this.planned()
    const tenant = await besides(connectionsOfTenant, (own) =>
      stepsLock(own, found, async () => {
        // Another process may have completed it meanwhile.
        const current = await this.#current(found)
        assertMayMove(current, 'provision')
        return this.#runAll(own, await this.#provisioning(current), planned)
      }),
    )
    tenants.created(tenant)
    return tenant
  }

  /** tenancy.tenants.steps */
  async list(ref: TenantRef): Promise<TenantStep[]> {
    const { id } = await this.#parts.tenants.get(ref)
    return (await this.#rows(id)).map(toStep)
  }

  /** tenancy.seed */
  seed(options: SeedOptions): Promise<FleetReport<SeedEntry>> {
    return seedFleet(this.#parts, options)
  }

  /** Those of the creation: seeds of sets are no part of it. */
  async #runAll(besides: Besides, tenant: Tenant<A>, planned: readonly StepBody[]): Promise<Tenant<A>> {
    const { catalog, tenants, signal } = this.#parts
    const due = (await this.#rows(tenant.id)).filter((row) => row.set_name === null && row.state !== 'done')
    const bodies = due.map(
      ({ name }) =>
        planned.find((body) => body.name === name) ??
        copyFilesStep(this.#parts, name) ??
        throwing(withoutBody(tenant.schema, name)),
    )
    for (const [index, body] of bodies.entries()) {
      signal.throwIfAborted()
      const creation = index === bodies.length - 1 ? 'last' : 'first steps'
      const { completed } = await runStep(this.#parts, { tenant, body, besides, creation })
      if (completed !== undefined) return completed
    }
    const completed = await catalog.transaction((transaction) => completeTenant(tenants, transaction, tenant))
    return completed ?? this.#current(tenant)
  }

  async #provisioning(tenant: Tenant<A>): Promise<Tenant<A>> {
    const { catalog, tenants } = this.#parts
    const statement = setStatusSql({ by: 'id', value: tenant.id }, moves.provision.from, moves.provision.to)
    const moved = await catalog.transaction((transaction) => tenants.move(transaction, statement, 'tenant.resumed', {}))
    tenants.forget(tenant.id)
    return moved ?? tenant
  }

  /** As the catalog has it now. @throws TenancyError UNKNOWN_TENANT */
  async #current(tenant: Tenant<A>): Promise<Tenant<A>> {
    const { tenants } = this.#parts
    return (await tenants.lookUp(tenant.id)) ?? tenants.get({ id: tenant.id })
  }

  async #rows(tenantId: string): Promise<StepRow[]> {
    return (await this.#parts.catalog.query<StepRow & Record<string, unknown>>(stepsOfTenantSql(tenantId))).rows
  }
}

function toStep(row: StepRow): TenantStep {
  return {
    name: row.name,
    kind: row.kind,
    ...(row.set_name !== null && { set: row.set_name }),
    state: row.state,
    attempts: Number(row.attempts),
    ...(row.started_at !== null && { startedAt: new Date(Number(row.started_at)) }),
    ...(row.ended_at !== null && { endedAt: new Date(Number(row.ended_at)) }),
    ...(row.error !== null && { error: row.error }),
  }
}

function throwing(error: Error): never {
  throw error
}
