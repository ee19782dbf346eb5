/**
 * One run: the shared schema, then the tenants, then those that were made meanwhile. What is done is written down in the catalog as it
 * happens, and the run ends with one commit that waits for the disk and takes all others with it.
 */
import type { Catalog } from '../../catalog/catalog.ts'
import { MigrationRun, type UnfinishedRun } from '../../catalog/runs/migration-runs.ts'
import type { Connections } from '../../ports/database.ts'
import { transactionLockSql } from '../../sql/schema-sql.ts'
import type { Events } from '../../events.ts'
import { makeReport } from '../../fleet/report.ts'
import type { Attributes } from '../../types.ts'
import { attempt, type AttemptParts, type Turn } from './attempt.ts'
import { defaultConcurrency } from './concurrency.ts'
import { assertIndexesNamed } from '../plan/concurrent-index.ts'
import { isIdle, Planner } from '../plan/fleet-plan.ts'
import type { Planned, Goal } from '../plan/planned.ts'
import { endOf, entryOf, errorForRecord, type MigrationEntry, type MigrationReport } from './report.ts'
import { runDefaults, goalOf, type RunOptions } from './run-options.ts'
import { work } from '../../fleet/schedule.ts'
import { provisioningLock, selectTargets, unfinishedTargets, type FleetTarget, type TargetParts } from '../plan/targets.ts'

export interface MigrationsParts<A extends object = Attributes> extends TargetParts<A> {
  readonly catalog: Catalog
  readonly events: Events<A>
}

export class FleetRun<A extends object = Attributes> {
  readonly #parts: MigrationsParts<A>
  readonly #options: RunOptions
  readonly #started = performance.now()
  readonly #deadline: number | undefined
  readonly #order: FleetTarget[] = []
  readonly #entries = new Map<string, MigrationEntry>()
  #record: MigrationRun | undefined
  #failures = 0
  #hasStarted = false

  constructor(parts: MigrationsParts<A>, options: RunOptions) {
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
    const { catalog } = this.#parts
    const goal = unfinished === undefined ? goalOf(this.#options) : (unfinished.options as unknown as Goal)
    const { planner, plans } =
      unfinished === undefined
        ? await Planner.select(this.#parts, this.#options, goal)
        : await Planner.open(this.#parts, await unfinishedTargets(this.#parts, unfinished.targets), goal)
    assertIndexesNamed(plans)
    const busy = plans.filter((planned) => !isIdle(planned))
    for (const planned of plans) this.#expect(planned)
    if (unfinished !== undefined) this.#record = MigrationRun.resume(catalog, unfinished)
    // What is kept of the goal is what a resumed run needs; names of migrations are whole by now.
    if (busy.length > 0) this.#record ??= await MigrationRun.start(catalog, planner.goal)
    this.#tellStart(goal, busy.length)
    if (busy.length > 0) {
      await this.#writeDown(busy)
      await this.#workOn(planner, busy, unfinished === undefined && isForAllTenants(this.#options))
    }
    await this.#record?.end(this.#failures === 0 && ![...this.#entries.values()].some(({ state }) => state === 'skipped'))
  }

  #tellStart({ direction, fake = false }: Goal, targets: number): void {
    this.#hasStarted = true
    this.#parts.events.emit('migrations.started', { ...(this.#record && { runId: this.#record.id }), targets, direction, fake })
  }

  async #workOn(planner: Planner, busy: readonly Planned[], isForAll: boolean): Promise<void> {
    const { catalog } = this.#parts
    const size = this.#options.concurrency ?? (await defaultConcurrency(catalog))
    await catalog.connections(Math.max(1, size), async (connections) => {
      await this.#pass(connections, planner, busy.filter(isShared))
      const tenants = busy.filter((planned) => !isShared(planned))
      // The tenants may need what the shared schema should have got.
      if (this.#failures > 0) for (const planned of tenants) this.#end(entryOf(planned, 'skipped', 0), planned)
      else await this.#pass(connections, planner, tenants, this.#options.canary)
      if (isForAll && this.#mayGoOn()) await this.#fetchNewcomers(connections, planner)
    })
  }

  /** Tenants that were made during the run may have been given the migrations of before it. */
  async #fetchNewcomers(connections: Connections, planner: Planner): Promise<void> {
    for (;;) {
      // Who is making a tenant holds the same lock, shared: its tenant is there, or will be made from the files of now. It is enough to have
      // had the lock, so the statement is a transaction of its own.
      await this.#parts.catalog.query(transactionLockSql(provisioningLock))
      const known = new Set(this.#order.map(keyOf))
      const targets = (await selectTargets(this.#parts, this.#options)).filter((target) => !known.has(keyOf(target)))
      if (targets.length === 0) return
      const plans = await planner.plan(targets)
      for (const planned of plans) this.#expect(planned)
      const busy = plans.filter((planned) => !isIdle(planned))
      if (busy.length > 0) await this.#writeDown(busy)
      await this.#pass(connections, planner, busy)
      if (!this.#mayGoOn()) return
    }
  }

  /** All of them before the first is begun: who is never begun is what a resumed run has left to do. */
  async #writeDown(busy: readonly Planned[]): Promise<void> {
    await this.#record!.expect(busy.map(({ target }) => ({ target: target.target, tenantId: target.tenant?.id })))
  }

  async #pass(connections: Connections, planner: Planner, plans: readonly Planned[], canary = 0): Promise<void> {
    if (plans.length === 0) return
    const { lockTimeoutMs = runDefaults.lockTimeoutMs, retries = runDefaults.retries } = this.#options
    const parts: AttemptParts = {
      connections,
      limits: { lockTimeoutMs, statementTimeoutMs: this.#options.statementTimeoutMs },
      retries,
      replan: async (target) => (await planner.plan([target]))[0]!,
      findTenant: (id) => this.#parts.tenants.lookUp(id),
      onBegin: ({ target, pending }) =>
        void this.#parts.events.emit('migrations.schema.started', {
          target: target.target,
          ...(target.tenant && { tenantId: target.tenant.id }),
          pending: pending.map(({ name }) => name),
        }),
    }
    const turns = plans.map((planned): Turn => ({ first: planned, planned, begun: undefined }))
    await work(turns, {
      size: connections.size,
      canary,
      maxFailures: this.#failuresLeft(),
      deadline: this.#deadline,
      signal: this.#options.signal,
      attempt: async (turn, tries) => {
        const outcome = await attempt(parts, turn, tries)
        if (!('entry' in outcome)) return outcome
        this.#end(outcome.entry, turn.first)
        return { end: outcome.entry.state === 'failed' ? 'failed' : 'done' }
      },
      skip: (turn) => this.#end(this.#notBegun(turn), turn.first),
    })
  }

  /** The entry of who got no turn, or no further one. */
  #notBegun({ planned, begun, error }: Turn): MigrationEntry {
    if (error === undefined) return entryOf(planned, 'skipped', 0)
    // It may have had many tries left: it is the run that was given up, not the schema.
    return this.#isAborted()
      ? entryOf(planned, 'skipped', performance.now() - begun!, { note: 'it was tried, and was to be tried again' })
      : endOf(planned, begun, error)
  }

  #failuresLeft(): number | undefined {
    if (this.#options.onFailure === 'stop') return 1
    return this.#options.maxFailures === undefined ? undefined : Math.max(0, this.#options.maxFailures - this.#failures)
  }

  #isAborted(): boolean {
    return this.#options.signal?.aborted === true
  }

  #mayGoOn(): boolean {
    return this.#failures === 0 && !this.#isAborted() && (this.#deadline === undefined || performance.now() < this.#deadline)
  }

  #expect(planned: Planned): void {
    this.#order.push(planned.target)
    if (isIdle(planned)) this.#entries.set(keyOf(planned.target), entryOf(planned, 'done', 0))
  }

  #end(entry: MigrationEntry, { target }: Planned): void {
    if (entry.state === 'failed') this.#failures += 1
    this.#entries.set(keyOf(target), entry)
    this.#record!.note({ ...entry, target: target.target, state: entry.state, error: errorForRecord(entry.error) })
    this.#parts.events.emit('migrations.schema.ended', { entry })
    try {
      this.#options.onEntry?.(entry)
    } catch (error) {
      // A listener cannot stop the fleet.
      process.emitWarning(`onEntry of migrations.run threw: ${String(error)}`, { code: 'PARTYWALL_LISTENER' })
    }
  }
}

function keyOf({ tenant }: FleetTarget): string {
  return tenant?.id ?? 'shared'
}

/** Without named tenants, those that are created during the run are meant, too. */
function isForAllTenants({ tenants, kinds, status, shared }: RunOptions): boolean {
  if (tenants !== undefined) return tenants === true
  return shared !== true || kinds !== undefined || status !== undefined
}

function isShared({ target }: Planned): boolean {
  return target.tenant === undefined
}
