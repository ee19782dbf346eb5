/** `tenancy.migrations`: brings the shared schema and then the fleet where they should be, and tells how they stand. */
import { assertKnownKeys } from '../../known-keys.ts'
import type { Attributes } from '../../types.ts'
import { assertIndexesNamed } from '../plan/concurrent-index.ts'
import { inGroups, Planner } from '../plan/fleet-plan.ts'
import type { Planned } from '../plan/planned.ts'
import { FleetRun, type MigrationsParts } from './fleet-run.ts'
import { statusOf, type MigrationReport, type MigrationStatus } from './report.ts'
import { assertRunOptions, runOptionKeys, goalOf, type RunOptions } from './run-options.ts'

export type { MigrationsParts } from './fleet-run.ts'
export type { MigrationEntry, MigrationReport, MigrationStatus } from './report.ts'
export type { RunOptions } from './run-options.ts'

/** What is to be done in some schemas that lack the same. */
export interface MigrationGroup {
  /** Where the migrations come from: a folder, mostly. */
  readonly source: string
  readonly direction: 'up' | 'down'
  /** In the order in which they are done; `text` is the SQL, absent for those in TypeScript. */
  readonly pending: readonly { readonly name: string; readonly file: string; readonly text?: string }[]
  /** The schemas of tenants; 'shared' for the shared schema. */
  readonly targets: readonly string[]
}

/** Which schemas, and where they should be; by default all, with everything applied. */
export type PlanOptions = Pick<RunOptions, 'shared' | 'tenants' | 'kinds' | 'status' | 'to' | 'down' | 'verify'>

const planKeys = ['shared', 'tenants', 'kinds', 'status', 'to', 'down', 'verify'] as const

export class Migrations<A extends object = Attributes> {
  readonly #parts: MigrationsParts<A>

  constructor(parts: MigrationsParts<A>) {
    this.#parts = parts
  }

  /**
   * Applies what is pending: to the shared schema first, then to the tenants, a few at a time. Does not throw when a schema fails:
   * look at `ok`, or hand the report to `assertFleetOk`. Costs one query for the heads of all schemas; and of each that lags one
   * transaction in one round trip, which locks that schema against other deploys and no other. Has `concurrency` connections of its own.
   * @example assertFleetOk(await tenancy.migrations.run({ canary: 5, maxFailures: 10 }))
   * @throws TenancyError INVALID_MIGRATION, UNKNOWN_TENANT, INVALID_ARGUMENT, before any schema is touched
   */
  async run(options: RunOptions = {}): Promise<MigrationReport> {
    assertKnownKeys('migrations.run', options, runOptionKeys)
    assertRunOptions(options)
    return new FleetRun<A>(this.#parts, options).run()
  }

  /**
   * How the schemas stand, and what is pending; changes nothing. Costs one query for all of them, and two for each whose digest these
   * files do not give.
   * @example const behind = (await tenancy.migrations.status()).filter(({ pending }) => pending.length > 0)
   * @throws TenancyError INVALID_MIGRATION, UNKNOWN_TENANT, INVALID_ARGUMENT
   */
  async status(options: PlanOptions = {}): Promise<MigrationStatus[]> {
    assertKnownKeys('migrations.status', options, planKeys)
    assertRunOptions(options)
    return (await this.#plans(options)).map(statusOf)
  }

  /**
   * Who would get what, in groups of schemas that lack the same; changes nothing. Schemas with nothing to do are in no group, nor are
   * those that have a problem: `status` with the same options tells those.
   * @throws TenancyError as `run`
   */
  async plan(options: PlanOptions = {}): Promise<MigrationGroup[]> {
    assertKnownKeys('migrations.plan', options, planKeys)
    assertRunOptions(options)
    return inGroups(await this.#plans(options)).map(groupOf)
  }

  /**
   * Whether everything is where it should be: nothing pending, and no problem. Changes nothing.
   * @example if (!(await tenancy.migrations.check())) process.exit(1)
   * @throws TenancyError as `status`
   */
  async check(options: PlanOptions = {}): Promise<boolean> {
    return (await this.status(options)).every(({ pending, problem }) => pending.length === 0 && problem === undefined)
  }

  /**
   * Writes down as applied what is pending, up to `to`, and runs nothing: for schemas that were made in another way.
   * @example await tenancy.migrations.fake({ tenants: 'acme', to: '0004' })
   * @throws TenancyError as `run`
   */
  fake(options: Omit<RunOptions, 'fake' | 'down' | 'resume'> = {}): Promise<MigrationReport> {
    return this.run({ ...options, fake: true })
  }

  async #plans(options: PlanOptions): Promise<Planned[]> {
    const { plans } = await Planner.select(this.#parts, options, goalOf(options))
    assertIndexesNamed(plans)
    return plans
  }
}

function groupOf(alike: readonly Planned[]): MigrationGroup {
  const { target, direction, pending } = alike[0]!
  return {
    source: target.source!.name,
    direction,
    pending: pending.map((migration) => {
      const step = direction === 'up' ? migration.up : migration.down!
      return { name: migration.name, file: migration.file, ...(step.kind === 'sql' && { text: step.text }) }
    }),
    targets: alike.map((planned) => planned.target.target),
  }
}
