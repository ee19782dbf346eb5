/**
 * Plans every schema of a run: its state, and what is to be done there. The files are read once, and the digests of all schemas in one query.
 * A digest that these files can produce gives the state of a schema. Of the other schemas one history is read for each different digest.
 */
import type { Queryable } from '../../sql/statement.ts'
import { inParallel } from '../../fleet/workers.ts'
import { digestOf } from '../history/digest.ts'
import { readDigests, readNonEmptySchemas, schemaMissing, type HistoryDigest } from '../history/history.ts'
import { nothingApplied, recordedIn, type SchemaState } from '../history/schema-state.ts'
import { unfinishedProblem } from '../history/unfinished.ts'
import type { Options } from '../../config/options.ts'
import type { Migration, MigrationSource } from '../../ports/migration-source.ts'
import { findCrossSchemaReferences } from './cross-schema.ts'
import { findMissingExtensions } from './missing-extensions.ts'
import { refuseLostNames } from './lost-names.ts'
import { resolveTo } from './find-migration.ts'
import type { ReviewedMigrations } from '../review/review-list.ts'
import type { MigrationSources } from '../sources/sources.ts'
import { planRedo, planReset } from './plan-again.ts'
import { KnownStates } from './known-states.ts'
import { planDown, planMigrations } from './plan.ts'
import { inGroups, type Goal, type Planned } from './planned.ts'
import { refuseShadowedNames } from './shadowed.ts'
import { readState } from './read-state.ts'
import { review, type ReviewOptions } from './reviews.ts'
import { SourceReader, type MigrationLists } from './source-reader.ts'
import { likelySources, selectTargets, type FleetTarget, type MigrationSelection, type TargetParts } from './targets.ts'

/** How many histories are read at the same time. */
const readsAtATime = 3

export interface PlannerParts {
  readonly catalog: Queryable
  readonly options: ReviewOptions & Pick<Options, 'migrations'>
  readonly sources: Pick<MigrationSources, 'shared'>
}

/** Plans with the files as they were when it was opened: a file that is written during a run is for the next run. */
export class Planner {
  readonly goal: Goal
  readonly #parts: PlannerParts
  readonly #lists: MigrationLists
  readonly #known: KnownStates
  /** Schemas in the same state need the same: one plan for each state. */
  readonly #plans = new Map<SchemaState, Planned>()
  /** Only sources of which something is pending are reviewed. */
  readonly #reviews = {
    shared: new Map<MigrationSource, ReviewedMigrations>(),
    tenants: new Map<MigrationSource, ReviewedMigrations>(),
  }

  private constructor(parts: PlannerParts, lists: MigrationLists, goal: Goal) {
    this.#parts = parts
    this.#lists = lists
    this.goal = goal
    this.#known = new KnownStates(lists)
  }

  /**
   * As `open`, for the targets of a selection: the files are read while the tenants are queried.
   * @throws TenancyError INVALID_MIGRATION, INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND
   */
  static async select<A extends object>(
    parts: TargetParts<A> & PlannerParts,
    selection: MigrationSelection,
    goal: Goal,
  ): Promise<{ planner: Planner; plans: readonly Planned[] }> {
    const reader = new SourceReader()
    reader.readAhead(likelySources(parts, selection))
    // What is only recorded needs no template: it would be without tables.
    return Planner.open(parts, await selectTargets(parts, selection, goal.fake !== true), goal, reader)
  }

  /**
   * Reads the files of these targets' sources, resolves `to` of the goal, and plans the targets. Costs as `plan`.
   * @param reader may have started to read the files
   * @throws TenancyError INVALID_MIGRATION, INVALID_ARGUMENT
   */
  static async open(
    parts: PlannerParts,
    targets: readonly FleetTarget[],
    goal: Goal,
    reader = new SourceReader(),
  ): Promise<{ planner: Planner; plans: readonly Planned[] }> {
    const sources = targets.flatMap(({ source }) => source ?? [])
    const [lists, digests] = await Promise.all([reader.read(sources), storedDigests(parts.catalog, targets)])
    const planner = new Planner(parts, lists, goal.to === undefined ? goal : { ...goal, to: resolveTo(lists, goal.to) })
    return { planner, plans: await planner.#plan(targets, digests) }
  }

  /**
   * Costs one query for all targets, one more when some have no history, one when migrations change what none of them creates,
   * one when they create tables, one when tenants have pending migrations, and two for each history that must be read: one for each digest that the
   * files cannot produce.
   */
  async plan(targets: readonly FleetTarget[]): Promise<readonly Planned[]> {
    return this.#plan(targets, await storedDigests(this.#parts.catalog, targets))
  }

  async #plan(targets: readonly FleetTarget[], digests: ReadonlyMap<string, HistoryDigest>): Promise<readonly Planned[]> {
    const { goal } = this
    const plans = new Map<FleetTarget, Planned>()
    const unknown: FleetTarget[] = []
    for (const target of targets) {
      const stored = digests.get(target.schema)
      const state = stored && this.#stateByDigest(target, stored)
      if (target.problem !== undefined) plans.set(target, withProblem(target, goal, target.problem))
      else if (stored === undefined) plans.set(target, withProblem(target, goal, schemaMissing(target.schema)))
      else if (goal.again === 'all') plans.set(target, planReset(target, this.#lists.get(target.source!)!, stored))
      else if (state === undefined) unknown.push(target)
      else plans.set(target, this.#planFor(target, state))
    }
    if (unknown.length > 0) await this.#readAndPlan(unknown, digests, plans)
    const planned = targets.map((target) => plans.get(target)!)
    if (goal.fake === true) return planned
    const { catalog, options } = this.#parts
    const fit = await refuseCrossSchemaReferences(this.#parts, await this.#review(planned), this.#reviews.tenants)
    return refuseLostNames(catalog, options, await refuseShadowedNames(catalog, options, fit))
  }

  /** The same plans with migrations that are fit for their schemas. Fails as a whole: the files are the same for all. */
  async #review(plans: readonly Planned[]): Promise<Planned[]> {
    const ready = plans.filter(({ pending, problem }) => pending.length > 0 && problem === undefined)
    for (const { target } of ready) {
      const source = target.source!
      const reviews = target.tenant ? this.#reviews.tenants : this.#reviews.shared
      if (!reviews.has(source)) reviews.set(source, await review(this.#parts, source, this.#lists.get(source)!, !target.tenant))
    }
    const isReady = new Set(ready)
    return plans.map((planned) => {
      if (!isReady.has(planned)) return planned
      const { target, direction, again, pending } = planned
      const reviewed = (target.tenant ? this.#reviews.tenants : this.#reviews.shared).get(target.source!)!
      // A migration that is done again is rolled back first.
      if (again === 'last') for (const migration of pending) reviewed.fit(migration, 'down')
      return { ...planned, pending: pending.map((migration) => reviewed.fit(migration, direction)) }
    })
  }

  /** A problem names its schema, so only plans without one are shared. */
  #planFor(target: FleetTarget, state: SchemaState): Planned {
    const known = this.#plans.get(state)
    if (known !== undefined) return { ...known, target }
    const planned = this.#planOne(target, state)
    if (planned.problem === undefined) this.#plans.set(state, planned)
    return planned
  }

  /** The state of a schema, when its digest says enough; undefined when its history must be read. */
  #stateByDigest({ source }: FleetTarget, stored: HistoryDigest): SchemaState | undefined {
    if (source === undefined) return undefined
    if (!stored.hasHistory && this.#lists.get(source)!.length === 0) return nothingApplied
    if (this.goal.verify === true) return undefined
    const state = this.#known.get(source, stored)
    // Nothing was applied by partywall: another tool may have migrated the schema.
    return state?.applied.length === 0 && source.imported !== undefined ? undefined : state
  }

  async #readAndPlan(
    targets: readonly FleetTarget[],
    digests: ReadonlyMap<string, HistoryDigest>,
    plans: Map<FleetTarget, Planned>,
  ): Promise<void> {
    const { catalog } = this.#parts
    const withoutHistory = targets.flatMap(({ schema }) => (digests.get(schema)!.hasHistory ? [] : [schema]))
    const nonEmpty = withoutHistory.length === 0 ? new Set<string>() : await readNonEmptySchemas(catalog, withoutHistory)
    const read = async (target: FleetTarget): Promise<void> => {
      try {
        const stored = { ...digests.get(target.schema)!, isEmpty: !nonEmpty.has(target.schema) }
        const state = await readState(catalog, target, this.#lists.get(target.source!)!, stored, this.goal)
        this.#known.learn(target.source!, state)
        plans.set(target, this.#planOne(target, state))
      } catch (problem) {
        plans.set(target, withProblem(target, this.goal, problem))
      }
    }
    // Equal digests stand for equal histories: when the first one of a group is read, the state of the others is known, too.
    const groupOf = ({ schema, source }: FleetTarget): string => {
      const { digest } = digests.get(schema)!
      return digest === null || this.goal.verify === true ? schema : JSON.stringify([digest, source!.name])
    }
    await inParallel([...Map.groupBy(targets, groupOf).values()], readsAtATime, async ([first, ...others]) => {
      await read(first!)
      for (const target of others) {
        const state = this.#stateByDigest(target, digests.get(target.schema)!)
        if (state === undefined) await read(target)
        else plans.set(target, this.#planFor(target, state))
      }
    })
  }

  #planOne(target: FleetTarget, state: SchemaState): Planned {
    const { direction, to, edited, again, fake = false } = this.goal
    const { outOfOrder } = this.#parts.options.migrations
    const migrations = this.#lists.get(target.source!)!
    const applied = recordedIn(state)
    const plan =
      again === 'last'
        ? planRedo(target.schema, migrations, applied, outOfOrder)
        : (direction === 'up' ? planMigrations : planDown)(target.schema, migrations, applied, { to, outOfOrder, edited })
    const pending = outOfOrder === 'allow' && direction === 'up' ? unfinishedFirst(plan.pending, state) : plan.pending
    const problem = plan.problem ?? unfinishedProblem(target.schema, state.unfinished, migrations, pending[0])
    const base = {
      target,
      head: plan.head,
      ahead: plan.ahead,
      direction,
      again,
      pending,
      ...(problem !== undefined && { problem }),
    }
    const needsHistoryWrite = state.toRecord !== undefined || (state.hasHistory && state.digest !== digestOf(state.applied))
    if (!fake || problem !== undefined) return { ...base, state, needsHistoryWrite }
    const toRecord = [...(state.toRecord ?? []), ...pending.map(({ name, checksum }) => ({ name, checksum }))]
    return { ...base, state: { ...state, toRecord }, needsHistoryWrite: true }
  }
}

/** Nothing may run before a migration that stopped in the middle is finished, also not a file that sorts before it. */
function unfinishedFirst(pending: readonly Migration[], { unfinished }: SchemaState): readonly Migration[] {
  const at = pending.findIndex(({ name }) => name === unfinished?.name)
  return at < 1 ? pending : [pending[at]!, ...pending.toSpliced(at, 1)]
}

function storedDigests(queryable: Queryable, targets: readonly FleetTarget[]): Promise<Map<string, HistoryDigest>> {
  return readDigests(
    queryable,
    targets.map(({ schema }) => schema),
  )
}

function withProblem(target: FleetTarget, { direction }: Goal, problem: unknown): Planned {
  return { target, head: undefined, ahead: [], state: nothingApplied, direction, pending: [], needsHistoryWrite: false, problem }
}

/** A tenant in which a migration would change the shared schema gets a problem, so nothing runs there. */
async function refuseCrossSchemaReferences(
  { catalog, options, sources }: PlannerParts,
  plans: readonly Planned[],
  reviews: ReadonlyMap<MigrationSource, ReviewedMigrations>,
): Promise<Planned[]> {
  const ofShared = plans.filter(({ target, direction, problem }) => !target.tenant && direction === 'up' && problem === undefined)
  const plannedSteps = inGroups(plans.filter(({ target }) => target.tenant)).map((alike) => {
    const { target, direction, pending } = alike[0]!
    return {
      schemas: alike.map((planned) => planned.target.schema),
      direction,
      pending,
      migrations: reviews.get(target.source!)!.all,
    }
  })
  const pendingShared = ofShared.flatMap(({ pending }) => pending)
  const problems = new Map([
    ...(await findMissingExtensions(catalog, plannedSteps, pendingShared, sources.shared.name)),
    ...(await findCrossSchemaReferences(catalog, options, plannedSteps, pendingShared)),
  ])
  return plans.map((planned) => {
    const problem = planned.target.tenant && problems.get(planned.target.schema)
    return problem === undefined ? planned : { ...planned, problem }
  })
}
