/**
 * How every schema stands, and what is to be done there. The files are read once and the heads of all schemas in one query: a schema
 * whose digest is one that these files give is placed by that alone. Only the others are looked into.
 */
import type { Queryable } from '../../sql/statement.ts'
import { TenancyError } from '../../errors.ts'
import type { Options } from '../../config/options.ts'
import { inParallel } from '../../fleet/workers.ts'
import type { Standing } from '../apply/apply.ts'
import type { Direction } from './changes.ts'
import { digestOf, digestsOf, type AppliedMigration } from '../history/digest.ts'
import { historyMissing, readHeads, readHistory, readInhabited, schemaMissing, type Head } from '../history/history.ts'
import { planDown, planMigrations } from './plan.ts'
import type { Migration, MigrationSource } from '../../ports/migration-source.ts'
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

/** What a run wants. */
export interface Wish {
  readonly direction: Direction
  /** Forwards: the last migration to apply, all when it is absent. Back: the last one to keep, none when it is absent. */
  readonly to?: string | undefined
  /** Read the histories themselves, and refuse where the digest says something else. */
  readonly verify?: boolean | undefined
  /** What is pending is written down as applied, and not run. */
  readonly fake?: boolean | undefined
}

/** How one schema stands, and what is to be done there. */
export interface Planned {
  readonly target: FleetTarget
  readonly head: string | undefined
  readonly standing: Standing
  readonly direction: Direction
  /** In the order in which they are done. */
  readonly pending: readonly Migration[]
  /** The history is to be written down, or its digest mended, also when nothing is pending. */
  readonly isUnwritten: boolean
  /** Why nothing may be done. */
  readonly problem?: unknown
}

const nothingApplied: Standing = Object.freeze({ hasHistory: false, digest: null, applied: [] })

/** How many histories are read at a time. */
const looks = 3

export interface PlannerParts {
  readonly catalog: Queryable
  readonly options: Pick<Options, 'sharedSchema' | 'includeShared'>
}

/** Plans with the files as they were when it was opened: a file that is written during a run is for the next one. */
export class Planner {
  readonly wish: Wish
  readonly #parts: PlannerParts
  readonly #lists: Lists
  readonly #known: (source: MigrationSource, head: Head) => Standing | undefined
  readonly #alike = new Map<Standing, Planned>()

  private constructor(parts: PlannerParts, lists: Lists, wish: Wish) {
    this.#parts = parts
    this.#lists = lists
    this.wish = wish
    this.#known = knownStandings(lists)
  }

  /**
   * As `open`, for the targets of a selection: the files are read while the tenants are asked for.
   * @throws TenancyError INVALID_MIGRATION, INVALID_OPTION, UNKNOWN_TENANT
   */
  static async select<A extends object>(
    parts: TargetParts<A> & PlannerParts,
    selection: MigrationSelection,
    wish: Wish,
  ): Promise<{ planner: Planner; plans: Planned[] }> {
    const reader = new SourceReader()
    reader.begin(likelySources(parts, selection))
    return Planner.open(parts, await selectTargets(parts, selection), wish, reader)
  }

  /**
   * Reads the files of these targets' sources, finds the migration that the wish means by `to`, and plans the targets. Costs as `plan`.
   * @param reader that may have begun with the files
   * @throws TenancyError INVALID_MIGRATION, INVALID_OPTION
   */
  static async open(
    parts: PlannerParts,
    targets: readonly FleetTarget[],
    wish: Wish,
    reader = new SourceReader(),
  ): Promise<{ planner: Planner; plans: Planned[] }> {
    const sources = targets.flatMap(({ source }) => source ?? [])
    const [lists, heads] = await Promise.all([reader.read(sources), headsOf(parts.catalog, targets)])
    const planner = new Planner(parts, lists, wish.to === undefined ? wish : { ...wish, to: lastWanted(lists, wish.to) })
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
    const { wish } = this
    const plans = new Map<FleetTarget, Planned>()
    const unknown: FleetTarget[] = []
    for (const target of targets) {
      const head = heads.get(target.schema)
      const standing = head && this.#placed(target, head)
      if (target.problem !== undefined) plans.set(target, broken(target, wish, target.problem))
      else if (head === undefined) plans.set(target, broken(target, wish, schemaMissing(target.schema)))
      else if (standing === undefined) unknown.push(target)
      else plans.set(target, this.#planKnown(target, standing))
    }
    if (unknown.length > 0) await this.#lookInto(unknown, heads, plans)
    const planned = targets.map((target) => plans.get(target)!)
    return wish.fake === true ? planned : refuseStrays(this.#parts, planned, this.#lists)
  }

  /** Schemas that stand alike want the same, and are thought about once; what is wrong is said of each by its name. */
  #planKnown(target: FleetTarget, standing: Standing): Planned {
    const known = this.#alike.get(standing)
    if (known !== undefined) return { ...known, target }
    const planned = planOne(target, this.#lists, standing, this.wish)
    if (planned.problem === undefined) this.#alike.set(standing, planned)
    return planned
  }

  /** How a schema stands that need not be looked into. */
  #placed({ source }: FleetTarget, head: Head): Standing | undefined {
    if (source === undefined) return undefined
    if (!head.hasHistory && this.#lists.get(source)!.length === 0) return nothingApplied
    if (this.wish.verify === true) return undefined
    const standing = this.#known(source, head)
    // Nothing was applied here: another tool may have been here before.
    return standing?.applied.length === 0 && source.former !== undefined ? undefined : standing
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
        const standing = await look(this.#parts.catalog, target, this.#lists, heads.get(target.schema)!, inhabited, this.wish)
        plans.set(target, planOne(target, this.#lists, standing, this.wish))
      } catch (problem) {
        plans.set(target, broken(target, this.wish, problem))
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
  const lacks = ({ target, pending }: Planned): string =>
    JSON.stringify([target.source?.name, pending.map(({ name, checksum }) => [name, checksum])])
  return [...Map.groupBy(ready, lacks).values()]
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
function knownStandings(lists: Lists): (source: MigrationSource, head: Head) => Standing | undefined {
  const known = new Map<MigrationSource, ReadonlyMap<string, Standing>>()
  for (const [source, migrations] of lists) {
    const standings = digestsOf(migrations).map((digest, count): [string, Standing] => [
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
  { verify = false, fake = false }: Wish,
): Promise<Standing> {
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

function planOne(target: FleetTarget, lists: Lists, standing: Standing, { direction, to, fake = false }: Wish): Planned {
  const migrations = lists.get(target.source!)!
  const applied = [...standing.applied, ...(standing.toAdopt ?? [])]
  const plan =
    direction === 'up' ? planMigrations(target.schema, migrations, applied, to) : planDown(target.schema, migrations, applied, to)
  const problem = plan.problem ?? cannotGoOn(target.schema, standing.unfinished, migrations, plan.pending[0])
  const base = { target, head: plan.head, direction, ...(problem !== undefined && { problem }) }
  const isUnwritten = standing.toAdopt !== undefined || (standing.hasHistory && standing.digest !== digestOf(standing.applied))
  if (!fake || problem !== undefined) return { ...base, standing, pending: plan.pending, isUnwritten }
  const toAdopt = [...(standing.toAdopt ?? []), ...plan.pending.map(({ name, checksum }) => ({ name, checksum }))]
  return { ...base, standing: { ...standing, toAdopt }, pending: plan.pending, isUnwritten: true }
}

function broken(target: FleetTarget, { direction }: Wish, problem: unknown): Planned {
  return { target, head: undefined, standing: nothingApplied, direction, pending: [], isUnwritten: false, problem }
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
