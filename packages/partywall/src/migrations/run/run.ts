/**
 * `tenancy.migrations`: migrates the shared schema and then the tenants, and reports the state of each schema. What does the work is loaded by the first
 * call: a process that serves requests migrates nothing.
 */
import type { Database } from '../../ports/database.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { Attributes, MigrationReport } from '../../types.ts'
import { inGroups, stepOf, type Planned } from '../plan/planned.ts'
import type { MigrationsParts } from './fleet-run.ts'
import type { TrialHost, TrialOptions } from '../trial/trial-parts.ts'
import type { TrialReport } from '../trial/trial-report.ts'
import type { RecordedEntriesOptions, RecordedEntry, RecordedRun, RecordedRunsOptions } from './recorded-runs.ts'
import type { MigrationStatus } from './report.ts'
import type { PlanOptions } from './statuses.ts'
import {
  assertNamed,
  assertRunOptions,
  redoOptionKeys,
  resetOptionKeys,
  runOptionKeys,
  type FleetOptions,
  type RedoOptions,
  type ResetOptions,
  type RunOptions,
} from './run-options.ts'

export type { MigrationsParts } from './fleet-run.ts'
export type { MigrationStatus } from './report.ts'
export type { PlanOptions } from './statuses.ts'
export type { RedoOptions, ResetOptions, RunOptions } from './run-options.ts'

/** What a run would do in a group of schemas that need the same. */
export interface MigrationGroup {
  /** The name of the source of the migrations, mostly a folder. */
  readonly source: string
  readonly direction: 'up' | 'down'
  /** In the order in which they are done. `text` is the SQL; absent for a migration in TypeScript. */
  readonly pending: readonly { readonly name: string; readonly file: string; readonly text?: string }[]
  /** The schemas of tenants; 'shared' for the shared schema. */
  readonly targets: readonly string[]
}

export class Migrations<A extends object = Attributes> {
  readonly #open: () => Promise<MigrationsParts<A>>
  readonly #deploy: Database
  readonly #trialHost: TrialHost | undefined

  /**
   * @param open what the work needs of the other rooms
   * @param deploy the same database for what changes it; to look at the state of the fleet, the rights of the application are enough
   * @param trialHost what a trial needs; absent: there are no trials
   */
  constructor(open: () => Promise<MigrationsParts<A>>, deploy: Database, trialHost?: TrialHost) {
    this.#open = open
    this.#deploy = deploy
    this.#trialHost = trialHost
  }

  /**
   * Applies what is pending: to the shared schema first, then to the tenants, several at the same time. Does not throw when a schema fails:
   * check `ok` of the report, or pass it to `assertFleetOk`. In one schema, migrations that can run in a transaction are kept together, or
   * none of them is.
   *
   * Costs one query for the state of all schemas. Each schema with pending migrations costs one transaction, mostly in one round trip, which
   * locks that schema against other deploys. A run opens up to `concurrency` connections of its own.
   * @example assertFleetOk(await tenancy.migrations.run({ canary: 5, maxFailures: 10 }))
   * @throws TenancyError INVALID_MIGRATION, INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND before any schema is changed
   */
  async run(options: RunOptions = {}): Promise<MigrationReport> {
    return this.#run('migrations.run', options)
  }

  /**
   * The state of each schema, and what is pending there. Changes nothing. Costs two queries for all schemas, and two for each different
   * history that the files cannot produce.
   * @example const behind = (await tenancy.migrations.status()).filter(({ pending }) => pending.length > 0)
   * @throws TenancyError INVALID_MIGRATION, INVALID_ARGUMENT, UNKNOWN_TENANT, UNKNOWN_KIND
   */
  async status(options: PlanOptions = {}): Promise<MigrationStatus[]> {
    const { readStatuses } = await statuses()
    return readStatuses('migrations.status', await this.#open(), options)
  }

  /**
   * What a run with the same options would do, in groups of schemas that need the same. Changes nothing, and costs as `status`. Schemas with
   * nothing to do are in no group, nor are those with a problem, which `status` reports.
   * @example for (const { targets, pending } of await tenancy.migrations.plan()) console.log(targets, pending.map(({ text }) => text))
   * @throws TenancyError as `status`
   */
  async plan(options: PlanOptions = {}): Promise<MigrationGroup[]> {
    const { planSchemas } = await statuses()
    return inGroups(await planSchemas('migrations.plan', await this.#open(), options)).map(groupOf)
  }

  /**
   * Whether every schema is up to date: nothing is pending, there is no problem, and no name of a tenant stands in the shared schema, too.
   * A schema that is ahead of these files is up to date. Changes nothing, and costs as `status`.
   * @example if (!(await tenancy.migrations.check())) process.exit(1)
   * @throws TenancyError as `status`
   */
  async check(options: PlanOptions = {}): Promise<boolean> {
    const { areUpToDate } = await statuses()
    return areUpToDate('migrations.check', await this.#open(), options)
  }

  /**
   * Records what is pending as applied, up to `to`, and runs nothing: for schemas that got their tables in another way. The report and the
   * costs are those of `run`.
   * @example await tenancy.migrations.fake({ tenants: 'acme', to: '0004' })
   * @throws TenancyError as `run`
   */
  async fake(options: Omit<RunOptions, 'fake' | 'down' | 'resume'> = {}): Promise<MigrationReport> {
    return this.#run('migrations.fake', { ...options, fake: true })
  }

  /**
   * For development: rolls back the migration that was applied last in each schema, and applies it again, in one transaction. Its file may have
   * changed since: the down migration is the one that it has now. The schemas must be named. Such a run is not resumed. The report and the
   * costs are those of `run`; a schema where nothing was applied is done at once.
   * @example assertFleetOk(await tenancy.migrations.redo({ tenants: 'acme' }))
   * @throws TenancyError as `run`
   */
  async redo(options: RedoOptions): Promise<MigrationReport> {
    assertKnownKeys('migrations.redo', options, redoOptionKeys)
    assertRunOptions('migrations.redo', options)
    assertNamed('migrations.redo', options, 'last')
    return this.#runFleet({ ...options, again: 'last' })
  }

  /**
   * For development: drops all that is in the schemas of these tenants, also their data, and applies all migrations, in one transaction for
   * each tenant. The schema itself stays, with its grants, and so do the tenant and its domains. Refused when an object of another schema
   * depends on the tenant. Such a run is not resumed. The report is that of `run`.
   * @example assertFleetOk(await tenancy.migrations.reset({ tenants: 'acme' }))
   * @throws TenancyError as `run`
   */
  async reset(options: ResetOptions): Promise<MigrationReport> {
    assertKnownKeys('migrations.reset', options, resetOptionKeys)
    assertRunOptions('migrations.reset', options)
    assertNamed('migrations.reset', options, 'all')
    return this.#runFleet({ ...options, again: 'all' })
  }

  /**
   * The recorded runs of all processes, the newest first: the last hundred are kept. Costs one query on a connection of the deploy role.
   * @example const [last] = await tenancy.migrations.runs({ limit: 1 })
   * @throws TenancyError INVALID_ARGUMENT
   */
  async runs(options: RecordedRunsOptions = {}): Promise<RecordedRun[]> {
    const { readRuns } = await recorded()
    return readRuns(this.#deploy, options)
  }

  /**
   * One page of the schemas of a recorded run, sorted by name, with the result of each. Empty for a run that is not kept any more. Costs one query.
   * @example const failed = await tenancy.migrations.entries(last.id, { states: ['failed'] })
   * @throws TenancyError INVALID_ARGUMENT
   */
  async entries(runId: string, options: RecordedEntriesOptions = {}): Promise<RecordedEntry[]> {
    const { readEntries } = await recorded()
    return readEntries(this.#deploy, runId, options)
  }

  /**
   * Tries the migrations of the configuration in databases of its own, which it drops afterwards: once without tenants, as their tool runs them,
   * and in four tenants. The report says what is refused, with the option that helps; what comes out otherwise than without tenants; and what
   * landed outside of the tenants. The configured database is not touched.
   *
   * Costs two databases on the server for each kind of tenants, and all migrations five times. The role must be allowed to create databases.
   * @example const { ok, kinds } = await tenancy.migrations.try({ embedded: true })
   * @throws TenancyError NOT_PERMITTED, DATABASE_UNREACHABLE, EMBEDDED_FAILED, INVALID_ARGUMENT, UNKNOWN_KIND; what the trial finds is in the report
   */
  async try(options: TrialOptions = {}): Promise<TrialReport> {
    // Loaded only here: an application runs without it.
    const { tryMigrations } = await import(/* webpackMode: "eager" */ '../trial/trial.ts')
    return tryMigrations(this.#trialHost!, options)
  }

  async #run(call: string, options: RunOptions): Promise<MigrationReport> {
    assertKnownKeys(call, options, runOptionKeys)
    assertRunOptions(call, options)
    return this.#runFleet(options)
  }

  async #runFleet(options: FleetOptions): Promise<MigrationReport> {
    const { FleetRun } = await import(/* webpackMode: "eager" */ './fleet-run.ts')
    return new FleetRun<A>({ ...(await this.#open()), catalog: this.#deploy }, options).run()
  }
}

const recorded = () => import(/* webpackMode: "eager" */ './recorded-runs.ts')
const statuses = () => import(/* webpackMode: "eager" */ './statuses.ts')

function groupOf(alike: readonly Planned[]): MigrationGroup {
  const { target, direction, pending } = alike[0]!
  return {
    source: target.source!.name,
    direction,
    pending: pending.map((migration) => {
      const step = stepOf(migration, direction)
      return { name: migration.name, file: migration.file, ...(step.kind === 'sql' && { text: step.text }) }
    }),
    targets: alike.map((planned) => planned.target.target),
  }
}
