/**
 * How every schema stands, and what is to be done there. The files are read once and the heads of all schemas in one query: a schema
 * whose digest is one that these files give is placed by that alone. Only the others are looked into.
 */
import type { Queryable } from '../../sql/statement.ts'
import { TenancyError } from '../../errors.ts'
import type { Options } from '../../config/options.ts'
import { inParallel } from '../../fleet/workers.ts'
import { nothingApplied, type SchemaState } from '../history/schema-state.ts'
import type { Planned, Goal } from './planned.ts'
import { digestOf, digestsOf, type AppliedMigration } from '../history/digest.ts'
import { historyMissing, readHeads, readHistory, readInhabited, schemaMissing, type Head } from '../history/history.ts'
import { planDown, planMigrations } from './plan.ts'
import type { MigrationSource } from '../../ports/migration-source.ts'
import { SourceReader, type Lists } from './source-reader.ts'
import { findStrays, type Course } from './cross-schema.ts'
import { takeOver } from './baseline.ts'
import {
  lastWanted,
  likelySources,
  selectTargets,
  type FleetTarget,
  type MigrationSelection,
  type TargetParts,
} from './targets.ts'
import { cannotGoOn } from '../history/unfinished.ts'

/** How many histories are read at a time. */
const looks = 3

export interface PlannerParts {
  readonly catalog: Queryable
  readonly options: Pick<Options, 'sharedSchema' | 'includeShared'>
}

/** Plans with the files as they were when it was opened: a file that is written during a run is for the next one. */
export class Planner {
  readonly goal: Goal
  readonly #parts: PlannerParts
  readonly #lists: Lists
  readonly #known: (source: MigrationSource, head: Head) => SchemaState | undefined
  readonly #alike = new Map<SchemaState, Planned>()

  private constructor(parts: PlannerParts, lists: Lists, goal: Goal) {
    this.#parts = parts
    this.#lists = lists
    this.goal = goal
    this.#known = knownStandings(lists)
  }

  /**
   * As `open`, for the targets of a selection: the files are read while the tenants are asked for.
   * @throws TenancyError INVALID_MIGRATION, INVALID_OPTION, UNKNOWN_TENANT
   */
  static async select<A extends object>(
    parts: TargetParts<A> & PlannerParts,
    selection: MigrationSelection,
    goal: Goal,
  ): Promise<{ planner: Planner; plans: Planned[] }> {
    const reader = new SourceReader()
    reader.begin(likelySources(parts, selection))
    return Planner.open(parts, await selectTargets(parts, selection), goal, reader)
  }

  /**
   * Reads the files of these targets' sources, finds the migration that the goal means by `to`, and plans the targets. Costs as `plan`.
   * @param reader that may have begun with the files
   * @throws TenancyError INVALID_MIGRATION, INVALID_OPTION
   */
  static async open(
    parts: PlannerParts,
    targets: readonly FleetTarget[],
    goal: Goal,
    reader = new SourceReader(),
  ): Promise<{ planner: Planner; plans: Planned[] }> {
    const sources = targets.flatMap(({ source }) => source ?? [])
    const [lists, heads] = await Promise.all([reader.read(sources), headsOf(parts.catalog, targets)])
    const planner = new Planner(parts, lists, goal.to === undefined ? goal : { ...goal, to: lastWanted(lists, goal.to) })
    return { planner, plans: await planner.#plan(targets, heads) }
  }

  /**
   * Costs one query for all targets, one more when some have no history, one when migrations change what none of them made, and two for each
   * target that must be looked into.
   */
  async plan(targets: readonly FleetTarget[]): Promise<Planned[]> {
    return this.#plan(targets, await headsOf(this.#parts.catalog, targets))
  }

  async #plan(targets: readonly FleetTarget[], heads: ReadonlyMap<string, Head>): Promise<Planned[]> {
    const { goal } = this
    const plans = new Map<FleetTarget, Planned>()
    const unknown: FleetTarget[] = []
    for (const target of targets) {
      const head = heads.get(target.schema)
      const state = head && this.#placed(target, head)
      if (target.problem !== undefined) plans.set(target, broken(target, goal, target.problem))
      else if (head === undefined) plans.set(target, broken(target, goal, schemaMissing(target.schema)))
      else if (state === undefined) unknown.push(target)
      else plans.set(target, this.#planKnown(target, state))
    }
    if (unknown.length > 0) await this.#lookInto(unknown, heads, plans)
    const planned = targets.map((target) => plans.get(target)!)
    return goal.fake === true ? planned : refuseStrays(this.#parts, planned, this.#lists)
  }

  /** Schemas that stand alike want the same, and are thought about once; what is wrong is said of each by its name. */
  #planKnown(target: FleetTarget, state: SchemaState): Planned {
    const known = this.#alike.get(state)
    if (known !== undefined) return { ...known, target }
    const planned = planOne(target, this.#lists, state, this.goal)
    if (planned.problem === undefined) this.#alike.set(state, planned)
    return planned
  }

  /** How a schema stands that need not be looked into. */
  #placed({ source }: FleetTarget, head: Head): SchemaState | undefined {
    if (source === undefined) return undefined
    if (!head.hasHistory && this.#lists.get(source)!.length === 0) return nothingApplied
    if (this.goal.verify === true) return undefined
    const state = this.#known(source, head)
    // Nothing was applied here: another tool may have been here before.
    return state?.applied.length === 0 && source.former !== undefined ? undefined : state
  }

  async #lookInto(
    targets: readonly FleetTarget[],
    heads: ReadonlyMap<string, Head>,
    plans: Map<FleetTarget, Planned>,
  ): Promise<void> {
    const bare = targets.flatMap(({ schema }) => (heads.get(schema)!.hasHistory ? [] : [schema]))
    const inhabited = bare.length === 0 ? new Set<string>() : await readInhabited(this.#parts.catalog, bare)
    await inParallel(targets, looks, async (target) => {
      try {
        const state = await look(this.#parts.catalog, target, this.#lists, heads.get(target.schema)!, inhabited, this.goal)
        plans.set(target, planOne(target, this.#lists, state, this.goal))
      } catch (problem) {
        plans.set(target, broken(target, this.goal, problem))
      }
    })
  }
}

/** Nothing is to be done there, and nothing is wrong. */
export function isIdle({ pending, isUnwritten, problem }: Planned): boolean {
  return pending.length === 0 && !isUnwritten && problem === undefined
}

/** Those that have something to do and nothing wrong, in groups that lack the same. */
export function inGroups(plans: readonly Planned[]): Planned[][] {
  const ready = plans.filter(({ pending, problem }) => pending.length > 0 && problem === undefined)
  return [...Map.groupBy(ready, pendingKey).values()]
}

/** Equal for schemas that lack the same migrations of the same source. */
function pendingKey({ target, pending }: Planned): string {
  return JSON.stringify([target.source?.name, pending.map(({ name, checksum }) => [name, checksum])])
}

function headsOf(queryable: Queryable, targets: readonly FleetTarget[]): Promise<Map<string, Head>> {
  return readHeads(
    queryable,
    targets.map(({ schema }) => schema),
  )
}

/** A tenant where a migration would change what is shared has a problem, and nothing is run there. */
async function refuseStrays({ catalog, options }: PlannerParts, plans: readonly Planned[], lists: Lists): Promise<Planned[]> {
  const ofShared = plans.filter(({ target, direction, problem }) => !target.tenant && direction === 'up' && problem === undefined)
  const courses = inGroups(plans.filter(({ target }) => target.tenant)).map((alike): Course => {
    const { target, direction, pending } = alike[0]!
    return { schemas: alike.map((planned) => planned.target.schema), direction, pending, migrations: lists.get(target.source!)! }
  })
  const soon = ofShared.flatMap(({ pending }) => pending)
  const strays = await findStrays(catalog, options, courses, soon)
  return plans.map((planned) => {
    const problem = planned.target.tenant && strays.get(planned.target.schema)
    return problem === undefined ? planned : { ...planned, problem }
  })
}

/** The standings that the files can give, by digest: each is made once, however many schemas have it. */
function knownStandings(lists: Lists): (source: MigrationSource, head: Head) => SchemaState | undefined {
  const known = new Map<MigrationSource, ReadonlyMap<string, SchemaState>>()
  for (const [source, migrations] of lists) {
    const standings = digestsOf(migrations).map((digest, count): [string, SchemaState] => [
      digest,
      { hasHistory: true, digest, applied: migrations.slice(0, count).map(({ name, checksum }) => ({ name, checksum })) },
    ])
    known.set(source, new Map(standings))
  }
  return (source, { digest }) => (digest === null ? undefined : known.get(source)?.get(digest))
}

async function look(
  queryable: Queryable,
  target: FleetTarget,
  lists: Lists,
  head: Head,
  inhabited: ReadonlySet<string>,
  { verify = false, fake = false }: Goal,
): Promise<SchemaState> {
  const { schema, source } = target
  if (head.hasHistory) {
    const { digest, applied, unfinished } = await readHistory(queryable, schema)
    if (verify && digest !== null && digest !== digestOf(applied)) throw disagrees(schema, applied)
    const isUntouched = applied.length === 0 && unfinished === undefined
    const toAdopt = isUntouched ? await takeOver(queryable, schema, source, lists.get(source!)!) : undefined
    return { hasHistory: true, digest, applied, ...(unfinished && { unfinished }), ...(toAdopt && { toAdopt }) }
  }
  const none = nothingApplied
  if (!inhabited.has(schema)) return none
  const toAdopt = await takeOver(queryable, schema, source, lists.get(source!)!)
  if (toAdopt !== undefined) return { ...none, toAdopt }
  // The shared schema may well have tables of before partywall's time.
  if (target.tenant !== undefined && !fake) throw historyMissing(schema)
  return none
}

function planOne(target: FleetTarget, lists: Lists, state: SchemaState, { direction, to, fake = false }: Goal): Planned {
  const migrations = lists.get(target.source!)!
  const applied = [...state.applied, ...(state.toAdopt ?? [])]
  const plan =
    direction === 'up' ? planMigrations(target.schema, migrations, applied, to) : planDown(target.schema, migrations, applied, to)
  const problem = plan.problem ?? cannotGoOn(target.schema, state.unfinished, migrations, plan.pending[0])
  const base = { target, head: plan.head, direction, ...(problem !== undefined && { problem }) }
  const isUnwritten = state.toAdopt !== undefined || (state.hasHistory && state.digest !== digestOf(state.applied))
  if (!fake || problem !== undefined) return { ...base, state, pending: plan.pending, isUnwritten }
  const toAdopt = [...(state.toAdopt ?? []), ...plan.pending.map(({ name, checksum }) => ({ name, checksum }))]
  return { ...base, state: { ...state, toAdopt }, pending: plan.pending, isUnwritten: true }
}

function broken(target: FleetTarget, { direction }: Goal, problem: unknown): Planned {
  return { target, head: undefined, state: nothingApplied, direction, pending: [], isUnwritten: false, problem }
}

function disagrees(schema: string, applied: readonly AppliedMigration[]): TenancyError {
  return new TenancyError(
    'HISTORY_DISAGREES',
    `The history of the schema ${JSON.stringify(schema)} holds ${applied.length} migrations (the last one is ${applied.at(-1)?.name ?? 'none'}), but its ` +
      'digest, the comment of the table partywall_migrations, is that of another history: somebody changed rows or comment by hand. ' +
      'When the rows are right, take the digest away (comment on table … is null), and the next run makes it anew.',
    { details: { schema, applied: applied.length } },
  )
}
