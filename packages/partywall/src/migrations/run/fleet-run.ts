/**
 * One run: the shared schema, then the tenants, then the tenants that were created during the run. The catalog records each schema when its
 * work is over. The run ends with one commit that waits for the disk; all earlier commits are durable with it.
 */
import type { Relations } from '../../catalog/relations/relations.ts'
import type { Access } from '../../catalog/roles/access.ts'
import type { Tenants } from '../../catalog/tenants/tenants.ts'
import { MigrationRun, type UnfinishedRun } from '../../catalog/runs/migration-runs.ts'
import type { Connections, Database } from '../../ports/database.ts'
import { transactionLockSql } from '../../sql/schema-sql.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import { TenancyError, tenancyErrorOf } from '../../errors.ts'
import type { Events } from '../../events.ts'
import { makeReport } from '../../fleet/report.ts'
import type { Attributes, MigrationEntry, MigrationReport } from '../../types.ts'
import { attempt, type AttemptParts, type Turn } from './attempt.ts'
import { explainOutOfMemory, isOutOfMemory, locksFor } from '../apply/lock-table.ts'
import { Narrowing } from './narrowing.ts'
import { defaultConcurrency } from './concurrency.ts'
import { findCrossSchemaReferences } from '../plan/cross-schema.ts'
import { assertIndexesNamed } from '../plan/concurrent-index.ts'
import { inGroups, isIdle, toRun, type Goal, type Planned } from '../plan/planned.ts'
import { Planner } from '../plan/planner.ts'
import { endOf, entryOf, errorForRecord } from './report.ts'
import { actionOfEnd, actionOfStart } from './run-action.ts'
import { refuseDrifted, type DriftGate } from './refuse-drifted.ts'
import { runDefaults, goalOf, type FleetOptions } from './run-options.ts'
import { work } from '../../fleet/schedule.ts'
import {
  isForAllTenants,
  kindsOf,
  provisioningLock,
  selectTargets,
  unfinishedTargets,
  type FleetTarget,
  type TargetParts,
} from '../plan/targets.ts'

export interface MigrationsParts<A extends object = Attributes> extends TargetParts<A>, Pick<DriftGate, 'findDrifted'> {
  readonly catalog: Database
  readonly tenants: Pick<Tenants<A>, 'select' | 'lookUp'>
  readonly events: Events<A>
  /** The option `shared.grants`. */
  readonly access: Pick<Access, 'hasRoles' | 'giveShared'>
  readonly relations: Pick<Relations, 'recordAll'>
}

export class FleetRun<A extends object = Attributes> {
  readonly #parts: MigrationsParts<A>
  readonly #options: FleetOptions
  readonly #started = performance.now()
  readonly #deadline: number | undefined
  readonly #order: FleetTarget[] = []
  readonly #entries = new Map<string, MigrationEntry>()
  /** Those of the schemas that had something to do. */
  readonly #ended: MigrationEntry[] = []
  readonly #failedStandIns = new Set<string>()
  #record: MigrationRun | undefined
  #failures = 0
  #hasStarted = false

  constructor(parts: MigrationsParts<A>, options: FleetOptions) {
    this.#parts = parts
    this.#options = options
    this.#deadline = options.deadlineMs === undefined ? undefined : this.#started + options.deadlineMs
  }

  async run(): Promise<MigrationReport> {
    const { catalog, events } = this.#parts
    const unfinished = this.#options.resume === true ? await MigrationRun.findUnfinished(catalog) : undefined
    try {
      if (this.#options.resume !== true || unfinished !== undefined) await this.#runWhole(unfinished)
    } catch (error) {
      if (this.#hasStarted) events.emit('migrations.ended', { error })
      throw error
    }
    const entries = this.#order.map((target) => this.#entries.get(keyOf(target))!)
    const report = Object.freeze({
      ...makeReport(entries, performance.now() - this.#started),
      ...(this.#record !== undefined && { runId: this.#record.id }),
      ...(this.#isAborted() && entries.some(({ state }) => state === 'skipped') && { aborted: true as const }),
    })
    if (this.#hasStarted) events.emit('migrations.ended', { report })
    return report
  }

  async #runWhole(unfinished: UnfinishedRun | undefined): Promise<void> {
    const { catalog, relations } = this.#parts
    if ((unfinished?.options as Goal | undefined)?.again !== undefined) throw notResumable()
    const goal = unfinished === undefined ? goalOf(this.#options) : (unfinished.options as unknown as Goal)
    const standIns = this.#isForStandIns(goal) ? (this.#parts.standIns ?? []) : []
    for (const those of standIns) await those.prepare(kindsOf(this.#options))
    const { planner, plans: planned } =
      unfinished === undefined
        ? await Planner.select(this.#parts, this.#options, goal)
        : await Planner.open(this.#parts, await unfinishedTargets(this.#parts, unfinished.targets), goal)
    assertIndexesNamed(planned)
    const plans = await refuseDrifted(this.#parts, planner.goal, planned)
    const busy = plans.filter((one) => !isIdle(one))
    for (const one of plans) this.#enlist(one)
    const started = actionOfStart(planner.goal, busy, unfinished !== undefined)
    if (unfinished !== undefined) this.#record = await MigrationRun.resume(catalog, unfinished, started)
    // The goal of the planner is what a resumed run needs: `to` is a full name there.
    if (busy.length > 0) this.#record ??= await MigrationRun.start(catalog, planner.goal, started)
    this.#emitStart(goal, busy.length)
    const shared = plans.find(isShared)
    // A table that no pending migration could create is refused before anything changes.
    if (shared !== undefined && isIdle(shared)) await this.#giveShared()
    if (busy.length > 0) {
      await this.#recordExpected(busy)
      await this.#workOn(planner, busy, unfinished === undefined && isForAllTenants(this.#options))
    }
    if (this.#record !== undefined) await relations.recordAll(catalog)
    if (planned.some(isStandIn)) for (const those of this.#parts.standIns ?? []) await those.examine(this.#failedStandIns)
    const isOk = this.#ended.every(({ state }) => state === 'done')
    await this.#record?.end(isOk, actionOfEnd(planner.goal, this.#ended))
  }

  /** What is only recorded or done again makes no template, and examines nothing. */
  #isForStandIns({ fake, again }: Goal): boolean {
    return isForAllTenants(this.#options) && fake !== true && again === undefined
  }

  #emitStart({ direction, fake = false }: Goal, targets: number): void {
    this.#hasStarted = true
    this.#parts.events.emit('migrations.started', { ...(this.#record && { runId: this.#record.id }), targets, direction, fake })
  }

  async #workOn(planner: Planner, busy: readonly Planned[], isForAll: boolean): Promise<void> {
    const { catalog } = this.#parts
    const size =
      this.#options.concurrency ??
      (await defaultConcurrency(catalog, Math.max(0, ...inGroups(busy).map(([planned]) => locksFor(toRun(planned!))))))
    await catalog.connections(Math.max(1, size), async (connections) => {
      await this.#pass(connections, planner, busy.filter(isShared))
      const tenants = busy.filter((planned) => !isShared(planned) && !isStandIn(planned))
      const standIns = busy.filter(isStandIn)
      if (this.#failures === 0 && this.#mayContinue() && busy.some(isShared)) await this.#giveShared()
      // The tenants may need what the failed migrations would have created.
      if (this.#failures > 0) for (const planned of [...tenants, ...standIns]) this.#end(entryOf(planned, 'skipped', 0), planned)
      else {
        await this.#pass(connections, planner, tenants, this.#options.canary)
        if (isForAll && this.#mayContinue()) await this.#migrateCreatedDuringRun(connections, planner)
        await this.#pass(connections, planner, standIns)
      }
    })
  }

  /** New tables of the shared schema get what the option `shared.grants` says. */
  async #giveShared(): Promise<void> {
    const { access, catalog } = this.#parts
    if (access.hasRoles) await catalog.transaction((transaction) => access.giveShared(transaction))
  }

  /** A tenant that was created during the run may have got the migrations of an older deploy. */
  async #migrateCreatedDuringRun(connections: Connections, planner: Planner): Promise<void> {
    for (;;) {
      // A process that creates a tenant holds the same lock in shared mode. With the lock, its tenant is in the catalog, or will be created
      // from the current files. To have had the lock for a moment is enough, so the statement is a transaction of its own.
      await this.#parts.catalog.query(transactionLockSql(provisioningLock))
      const known = new Set(this.#order.map(keyOf))
      const targets = (await selectTargets(this.#parts, this.#options)).filter((target) => !known.has(keyOf(target)))
      if (targets.length === 0) return
      const plans = await planner.plan(targets)
      for (const planned of plans) this.#enlist(planned)
      const busy = plans.filter((planned) => !isIdle(planned))
      if (busy.length > 0) await this.#recordExpected(busy)
      await this.#pass(connections, planner, busy)
      if (!this.#mayContinue()) return
    }
  }

  /** All of them before the first one starts: those that never start are what a resumed run has to do. */
  async #recordExpected(busy: readonly Planned[]): Promise<void> {
    await this.#record!.expect(busy.map(({ target }) => ({ target: target.target, tenantId: target.tenant?.id })))
  }

  /** Works on these schemas, several at the same time, until each has an entry. */
  async #pass(connections: Connections, planner: Planner, plans: readonly Planned[], canary = 0): Promise<void> {
    if (plans.length === 0) return
    const { lockTimeoutMs = runDefaults.lockTimeoutMs, retries = runDefaults.retries } = this.#options
    const parts: AttemptParts = {
      connections,
      limits: { lockTimeoutMs, statementTimeoutMs: this.#options.statementTimeoutMs },
      retries,
      replan: async (target) => (await planner.plan([target]))[0]!,
      crossSchemaProblem: async (queryable, { target, direction, pending }) => {
        const planned = { schemas: [target.schema], direction, pending, migrations: pending }
        return (await findCrossSchemaReferences(queryable, this.#parts.options, [planned])).get(target.schema)
      },
      explainOutOfMemory: (schema, error) => explainOutOfMemory(this.#parts.catalog, schema, error),
      findTenant: (id) => this.#parts.tenants.lookUp(id),
      onStart: ({ target, pending }) =>
        void this.#parts.events.emit('migrations.schema.started', {
          target: target.target,
          ...(target.tenant && !target.standIn && { tenantId: target.tenant.id }),
          pending: pending.map(({ name }) => name),
        }),
    }
    const narrowing = new Narrowing(connections.size)
    const turns = plans.map((planned): Turn => ({ first: planned, planned, startedAt: undefined, applied: [] }))
    await work(turns, {
      size: connections.size,
      canary,
      maxFailures: this.#failuresLeft(),
      deadline: this.#deadline,
      signal: this.#options.signal,
      attempt: async (turn, tries) => {
        const outcome = await narrowing.run(
          () => attempt(parts, turn, tries),
          (result) => 'retry' in result && isOutOfMemory(result.retry.error),
        )
        if (!('entry' in outcome)) return outcome
        this.#end(outcome.entry, turn.first)
        return { end: outcome.entry.state === 'failed' ? 'failed' : 'done' }
      },
      skip: (turn) => this.#end(this.#entryOfSkipped(turn), turn.first),
    })
  }

  /** The entry of a schema that got no attempt, or no further one. */
  #entryOfSkipped({ planned, startedAt, applied, error }: Turn): MigrationEntry {
    if (error === undefined) return entryOf(planned, 'skipped', 0)
    // It may have had many attempts left: the run was given up, not the schema.
    return this.#isAborted()
      ? entryOf(planned, 'skipped', performance.now() - startedAt!, {
          applied,
          note: 'it was tried, and would have been tried again',
        })
      : endOf(planned, startedAt, applied, error)
  }

  #failuresLeft(): number | undefined {
    if (this.#options.onFailure === 'stop') return 1
    return this.#options.maxFailures === undefined ? undefined : Math.max(0, this.#options.maxFailures - this.#failures)
  }

  #isAborted(): boolean {
    return this.#options.signal?.aborted === true
  }

  #mayContinue(): boolean {
    return this.#failures === 0 && !this.#isAborted() && (this.#deadline === undefined || performance.now() < this.#deadline)
  }

  /** The report has an entry for every target; that of an idle one is there from the start. */
  #enlist(planned: Planned): void {
    this.#order.push(planned.target)
    if (isIdle(planned)) this.#entries.set(keyOf(planned.target), entryOf(planned, 'done', 0))
  }

  /** @param planned the plan from the start of the run: the tenant may have been renamed since */
  #end(given: MigrationEntry, planned: Planned): void {
    const { target } = planned
    const entry = target.standIn === 'ready schema' && given.state === 'failed' ? givenUp(planned, given) : given
    // A template that fails stops no tenant.
    if (given.state === 'failed' && target.standIn === undefined) this.#failures += 1
    else if (given.state === 'failed') this.#failedStandIns.add(target.schema)
    this.#entries.set(keyOf(target), entry)
    this.#ended.push(entry)
    this.#record!.note({ ...entry, target: target.target, state: entry.state, error: errorForRecord(entry.error) })
    this.#parts.events.emit('migrations.schema.ended', { entry })
    try {
      this.#options.onEntry?.(entry)
    } catch (error) {
      // An error of the callback must not stop the run.
      process.emitWarning(`onEntry of migrations.run threw: ${String(error)}`, { code: 'PARTYWALL_LISTENER' })
    }
  }
}

/** No deploy fails because of it: the next one is made from the files. */
function givenUp(planned: Planned, { durationMs, applied, error }: MigrationEntry): MigrationEntry {
  const reason = tenancyErrorOf(error)?.summary ?? `SQLSTATE ${sqlStateOf(error) ?? 'unknown'}`
  return entryOf(planned, 'done', durationMs, {
    applied,
    note: `this ready schema could not be migrated, and is dropped: ${reason}`,
  })
}

function notResumable(): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    'The last run was a redo or a reset, which "resume" does not finish: data could be lost that was written since. Start it again, with the ' +
      'tenants that it is for.',
    { details: { option: 'resume' } },
  )
}

function keyOf({ tenant }: FleetTarget): string {
  return tenant?.id ?? 'shared'
}

function isStandIn({ target }: Planned): boolean {
  return target.standIn !== undefined
}

function isShared({ target }: Planned): boolean {
  return target.tenant === undefined
}
