/**
 * The tenants of a trial: two get all migrations at once, one the first third and then the rest, one gets them one by one. A statement that looks
 * at the whole database does in the second tenant what it did not do in the first, and one that needs a transaction of its own shows only
 * where migrations run together.
 */
import type { Migration, SourceReview } from '../../ports/migration-source.ts'
import type { MigrationReport } from '../../types.ts'
import { changesOutside, differencesOf, readSharedNames, readSurroundings, unstableIn, type PlainResult } from './comparison.ts'
import { distinct, findingOf } from './findings.ts'
import { readyShared, type PlainTrial } from './plain-trial.ts'
import type { ScratchDatabase, ScratchDatabases } from './scratch-databases.ts'
import type { TrialHost, TrialSources, TrialTenancy } from './trial-parts.ts'
import type { TrialFinding, TrialTenant, TrialWay } from './trial-report.ts'
import { CutSource } from './trial-sources.ts'

export interface TenantsTrial {
  readonly tenants: readonly TrialTenant[]
  readonly findings: readonly TrialFinding[]
  readonly outside: readonly string[]
  /** What comes out otherwise each time, also on a plain database: it is no difference. */
  readonly unstable: readonly string[]
  /** A migration says that it changes shared objects on purpose. */
  readonly isOutsideMeant: boolean
  /** Absent when a tenant is not complete. */
  readonly isSettled?: boolean
}

interface Parts {
  readonly host: TrialHost
  readonly databases: ScratchDatabases
  readonly plain: PlainTrial
  /** Runs the migrations on another plain database. Called when a tenant differs, to see what differs there, too. */
  plainAgain(): Promise<PlainTrial>
}

/** In the order in which they are made. */
const ways: Readonly<Record<string, TrialWay>> = {
  try_single: 'one by one',
  try_third: 'a third, then the rest',
  try_one: 'all at once',
  try_two: 'all at once',
}

export async function tryTenants(
  { host, databases, plain, plainAgain }: Parts,
  { shared, tenant }: TrialSources,
  migrations: readonly Migration[],
  added: SourceReview,
): Promise<TenantsTrial> {
  const isOutsideMeant = migrations.some(({ sharedObjects }) => sharedObjects === true)
  const database = await databases.create()
  const cut = new CutSource(migrations, tenant, added)
  const tenancy = host.open(database.config, { shared, tenant: cut.source })
  try {
    const failure = await readyShared(host, database, shared)
    if (failure !== undefined) return { tenants: [], findings: [failure], outside: [], unstable: [], isOutsideMeant }
    const beside = [...new Set([host.options.sharedSchema, ...host.options.extraSearchPath])]
    const names = await readSharedNames(database.connection, beside)
    const before = await readSurroundings(database.connection, Object.keys(ways), beside)
    const made = await new TenantsOfTrial(tenancy, cut, migrations).make()
    const isComplete = made.every(({ error }) => error === undefined)
    const isSettled = isComplete ? await isNothingLeft(tenancy) : undefined
    const after = await readSurroundings(database.connection, Object.keys(ways), beside)
    // One after the other: they share a connection.
    const compared = new Comparison(database, plain.result, names, plainAgain)
    const tenants: TrialTenant[] = []
    for (const one of made) tenants.push(await compared.tenant(one))
    return {
      tenants,
      unstable: compared.unstable,
      findings: distinct(made.flatMap(({ error }) => (error === undefined ? [] : [findingOf(error)]))),
      outside: changesOutside(before, after),
      isOutsideMeant,
      ...(isSettled !== undefined && { isSettled }),
    }
  } finally {
    await tenancy.close()
    databases.drop(database.name)
  }
}

interface Made {
  readonly schema: string
  readonly durationMs: number
  readonly error?: unknown
}

class TenantsOfTrial {
  readonly #tenancy: TrialTenancy
  readonly #cut: CutSource
  readonly #migrations: readonly Migration[]
  readonly #made = new Map<string, Made>()

  constructor(tenancy: TrialTenancy, cut: CutSource, migrations: readonly Migration[]) {
    this.#tenancy = tenancy
    this.#cut = cut
    this.#migrations = migrations
  }

  async make(): Promise<Made[]> {
    const { length } = this.#migrations
    // The fewest first: a tenant is not made with fewer migrations than others have.
    await this.#create('try_single', 1)
    await this.#create('try_third', Math.ceil(length / 3))
    await this.#create('try_one', length)
    await this.#create('try_two', length)
    await this.#step('try_third', () => this.#tenancy.migrations.run({ tenants: 'try_third', concurrency: 1 }))
    for (const { name } of this.#migrations.slice(1)) {
      await this.#step('try_single', () => this.#tenancy.migrations.run({ tenants: 'try_single', to: name, concurrency: 1 }))
    }
    return [...this.#made.values()]
  }

  async #create(schema: string, count: number): Promise<void> {
    this.#cut.count = count
    this.#made.set(schema, { schema, durationMs: 0 })
    await this.#step(schema, async () => void (await this.#tenancy.tenants.create({ schema })))
    this.#cut.count = Infinity
  }

  /** A tenant that has failed gets nothing more. */
  async #step(schema: string, work: () => Promise<MigrationReport | void>): Promise<void> {
    const made = this.#made.get(schema)!
    if (made.error !== undefined) return
    const started = performance.now()
    const error = await problemOf(work)
    const durationMs = made.durationMs + performance.now() - started
    this.#made.set(schema, { schema, durationMs, ...(error !== undefined && { error }) })
  }
}

async function problemOf(work: () => Promise<MigrationReport | void>): Promise<unknown> {
  try {
    const report = await work()
    return report?.entries.find(({ error }) => error !== undefined)?.error
  } catch (error) {
    return error
  }
}

async function isNothingLeft(tenancy: TrialTenancy): Promise<boolean> {
  const { ok, entries } = await tenancy.migrations.run({ tenants: true })
  return ok && entries.every(({ applied }) => applied.length === 0)
}

class Comparison {
  readonly #database: ScratchDatabase
  readonly #plain: PlainResult | undefined
  readonly #names: Names
  readonly #again: () => Promise<PlainTrial>
  #unstable: readonly string[] | undefined

  constructor(database: ScratchDatabase, plain: PlainResult | undefined, names: Names, again: () => Promise<PlainTrial>) {
    this.#database = database
    this.#plain = plain
    this.#names = names
    this.#again = again
  }

  get unstable(): readonly string[] {
    return this.#unstable ?? []
  }

  async tenant({ schema, durationMs, error }: Made): Promise<TrialTenant> {
    const ok = error === undefined
    return { schema, way: ways[schema]!, ok, durationMs, differences: ok ? await this.#differences(schema) : [] }
  }

  async #differences(schema: string): Promise<string[]> {
    if (this.#plain === undefined) return []
    const found = await differencesOf(this.#database.connection, schema, this.#plain, this.#names)
    if (found.length === 0) return []
    this.#unstable ??= await this.#unstableOf(this.#plain)
    return found.flatMap(({ what, sentence }) => (this.unstable.includes(what) ? [] : [sentence]))
  }

  async #unstableOf(plain: PlainResult): Promise<string[]> {
    const { result } = await this.#again()
    return result === undefined ? [] : unstableIn(plain, result, this.#names)
  }
}

type Names = Awaited<ReturnType<typeof readSharedNames>>
