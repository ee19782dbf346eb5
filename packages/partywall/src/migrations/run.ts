/**
 * Migrates the shared schema and the tenants: each schema in a transaction of its own, one after another. A tenant that fails does
 * not stop the others; a shared schema that fails stops all, for the tenants may need what it should have brought.
 */
import type { Catalog } from '../catalog/catalog.ts'
import { makeReport, type FleetEntry, type FleetReport } from '../fleet-report.ts'
import { assertKnownKeys } from '../known-keys.ts'
import type { Attributes } from '../types.ts'
import { applyPending } from './apply.ts'
import { readHistory } from './history.ts'
import { planMigrations } from './plan.ts'
import type { Migration, MigrationSource } from './source.ts'
import { lastWanted, listSources, selectTargets, type FleetTarget, type MigrationSelection, type TargetParts } from './targets.ts'

export interface RunOptions extends MigrationSelection {
  /** The last migration to apply: its name, file or number. Only for the shared schema alone, or for tenants of one kind. */
  readonly to?: string | undefined
  /** Called with each schema's entry when it is done with: for progress. */
  readonly onEntry?: ((entry: MigrationEntry) => void) | undefined
}

export interface MigrationEntry extends FleetEntry {
  /** Names of the migrations that were applied now, in order. */
  readonly applied: readonly string[]
}

/** How one schema stands. */
export interface MigrationStatus {
  /** The schema of a tenant, or 'shared' for the shared schema. */
  readonly target: string
  /** Absent for the shared schema. */
  readonly tenantId?: string
  /** The last migration applied. */
  readonly head: string | undefined
  /** How many were applied. */
  readonly applied: number
  /** Names of those to come, in order. */
  readonly pending: readonly string[]
  /** Why the schema cannot be migrated as it stands: a TenancyError MIGRATION_CHANGED, SCHEMA_MISSING or INVALID_OPTION (its kind). */
  readonly problem?: unknown
}

export interface MigrationsParts<A extends object = Attributes> extends TargetParts<A> {
  readonly catalog: Catalog
}

type Lists = ReadonlyMap<MigrationSource, readonly Migration[]>

export class Migrations<A extends object = Attributes> {
  readonly #parts: MigrationsParts<A>

  constructor(parts: MigrationsParts<A>) {
    this.#parts = parts
  }

  /**
   * Applies what is pending: to the shared schema first, then to the tenants. Does not throw when a schema fails: look at `ok`, or
   * hand the report to `assertFleetOk`. Costs one transaction per schema, which holds one connection and one lock.
   * @example assertFleetOk(await tenancy.migrations.run())
   * @throws TenancyError INVALID_MIGRATION, UNKNOWN_TENANT, INVALID_OPTION, before any schema is touched
   */
  async run(options: RunOptions = {}): Promise<FleetReport<MigrationEntry>> {
    assertKnownKeys('migrations.run', options, ['shared', 'tenants', 'tenant', 'to', 'onEntry'])
    const started = performance.now()
    const targets = await selectTargets(this.#parts, options)
    const lists = await listSources(targets)
    const to = options.to === undefined ? undefined : lastWanted(lists, options.to)
    const entries: MigrationEntry[] = []
    let hasSharedFailed = false
    for (const target of targets) {
      const entry = hasSharedFailed ? skipped(target) : await this.#migrate(target, lists, to)
      if (target.tenant === undefined && entry.state === 'failed') hasSharedFailed = true
      entries.push(entry)
      tell(options.onEntry, entry)
    }
    return makeReport(entries, performance.now() - started)
  }

  /**
   * How the schemas stand; changes nothing. Costs two queries per schema.
   * @example const behind = (await tenancy.migrations.status()).filter(({ pending }) => pending.length > 0)
   * @throws TenancyError INVALID_MIGRATION, UNKNOWN_TENANT, INVALID_OPTION
   */
  async status(selection: MigrationSelection = {}): Promise<MigrationStatus[]> {
    assertKnownKeys('migrations.status', selection, ['shared', 'tenants', 'tenant'])
    const targets = await selectTargets(this.#parts, selection)
    const lists = await listSources(targets)
    const statuses: MigrationStatus[] = []
    for (const target of targets) statuses.push(await this.#look(target, lists))
    return statuses
  }

  async #migrate(target: FleetTarget, lists: Lists, to: string | undefined): Promise<MigrationEntry> {
    const started = performance.now()
    const end = (rest: Pick<MigrationEntry, 'applied' | 'state' | 'error'>): MigrationEntry =>
      Object.freeze({ ...named(target), ...rest, durationMs: performance.now() - started })
    try {
      const migrations = migrationsOf(target, lists)
      const applied = await this.#parts.catalog.transaction((transaction) => applyPending(transaction, target, migrations, to))
      return end({ applied, state: 'done' })
    } catch (error) {
      return end({ applied: [], state: 'failed', error })
    }
  }

  async #look(target: FleetTarget, lists: Lists): Promise<MigrationStatus> {
    try {
      const { applied } = await readHistory(this.#parts.catalog, target.schema)
      const { head, pending, problem } = planMigrations(target.schema, migrationsOf(target, lists), applied)
      const status = { ...named(target), head, applied: applied.length, pending: pending.map(({ name }) => name) }
      return Object.freeze(problem === undefined ? status : { ...status, problem })
    } catch (problem) {
      return Object.freeze({ ...named(target), head: undefined, applied: 0, pending: [], problem })
    }
  }
}

function migrationsOf({ source, problem }: FleetTarget, lists: Lists): readonly Migration[] {
  if (source === undefined) throw problem
  return lists.get(source)!
}

function named({ target, tenant }: FleetTarget): { target: string; tenantId?: string } {
  return tenant === undefined ? { target } : { target, tenantId: tenant.id }
}

/** A listener cannot stop the fleet. */
function tell(onEntry: RunOptions['onEntry'], entry: MigrationEntry): void {
  try {
    onEntry?.(entry)
  } catch (error) {
    process.emitWarning(`onEntry of migrations.run threw: ${String(error)}`, { code: 'PARTYWALL_LISTENER' })
  }
}

function skipped(target: FleetTarget): MigrationEntry {
  return Object.freeze({ ...named(target), applied: [], state: 'skipped', durationMs: 0 })
}
