/**
 * Compares the files with the history of one schema: what is to be done there, or why nothing may be. The history is never rewritten: a
 * schema whose history does not match the files is left as it is until a person has checked it. Only a history that continues after all of
 * the files is no mismatch: a newer deploy has migrated the schema, and this process has older files.
 */
import type { Options } from '../../config/options.ts'
import type { TenancyError } from '../../errors.ts'
import type { AppliedMigration } from '../history/digest.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { appliedOutOfOrder, diverged, hasChanged, hasNoDown, isGone, pendingBefore } from './mismatches.ts'

export interface MigrationPlan {
  readonly pending: readonly Migration[]
  /** The last migration that was applied. */
  readonly head: string | undefined
  /** Applied migrations that the files do not have. Without a problem, a newer deploy has applied them. */
  readonly ahead: readonly string[]
  /** Why the schema must not be migrated: MIGRATION_CHANGED, or INVALID_MIGRATION for a rollback without a down migration. */
  readonly problem: TenancyError | undefined
}

export type OutOfOrder = Options['migrations']['outOfOrder']

export interface PlanLimits {
  /** Up: the last migration to apply. Down: the last one to keep. */
  readonly to?: string | undefined
  readonly outOfOrder: OutOfOrder
  /** Down: files that have changed since they were applied are rolled back as they are now; those that are kept must be unchanged. */
  readonly edited?: boolean | undefined
}

/**
 * What is to be applied in a schema. Pure: reads neither the files nor the database.
 * @param applied in the order in which they were
 */
export function planMigrations(
  schema: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
  { to, outOfOrder }: PlanLimits,
): MigrationPlan {
  const files = new Map(migrations.map((migration) => [migration.name, migration]))
  const done = new Set(applied.map(({ name }) => name))
  const end = to === undefined ? migrations.length : migrations.findIndex(({ name }) => name === to) + 1
  return {
    pending: migrations.slice(0, end).filter(({ name }) => !done.has(name)),
    head: applied.at(-1)?.name,
    ahead: applied.flatMap(({ name }) => (files.has(name) ? [] : [name])),
    problem:
      changed(schema, files, applied) ??
      (outOfOrder === 'allow' ? undefined : (notAllKnown(schema, migrations, applied) ?? reordered(schema, migrations, applied))),
  }
}

/** What is to be rolled back in a schema, the last one applied first. Pure. */
export function planDown(
  schema: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
  { to, outOfOrder, edited = false }: PlanLimits,
): MigrationPlan {
  const first = to === undefined ? 0 : migrations.findIndex(({ name }) => name === to) + 1
  const plan = planMigrations(schema, migrations, edited ? asEdited(applied, migrations.slice(first)) : applied, { outOfOrder })
  const undone = new Map(migrations.slice(first).map((migration) => [migration.name, migration]))
  const pending = applied.toReversed().flatMap(({ name }) => undone.get(name) ?? [])
  const [unknown] = plan.ahead
  const withoutDown = pending.find(({ down }) => down === undefined)
  const problem =
    plan.problem ??
    // What was applied after the files may depend on what would be rolled back.
    (unknown === undefined ? undefined : isGone(schema, unknown)) ??
    (withoutDown && hasNoDown(schema, withoutDown))
  return { ...plan, pending, problem }
}

/** What was applied, with the checksums that these files have now. */
function asEdited(applied: readonly AppliedMigration[], migrations: readonly Migration[]): readonly AppliedMigration[] {
  const files = new Map(migrations.map((migration) => [migration.name, migration]))
  return applied.map(({ name, checksum }) => ({ name, checksum: files.get(name)?.checksum ?? checksum }))
}

function changed(
  schema: string,
  files: ReadonlyMap<string, Migration>,
  applied: readonly AppliedMigration[],
): TenancyError | undefined {
  for (const { name, checksum } of applied) {
    const migration = files.get(name)
    if (migration !== undefined && migration.checksum !== checksum) {
      return hasChanged(schema, migration, checksum, name === applied.at(-1)!.name)
    }
  }
  return undefined
}

/** Applied migrations without a file: fine when all files are applied, and those without one came after them. */
function notAllKnown(
  schema: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): TenancyError | undefined {
  const files = new Set(migrations.map(({ name }) => name))
  const done = new Set(applied.map(({ name }) => name))
  const firstUnknown = applied.findIndex(({ name }) => !files.has(name))
  if (firstUnknown === -1) return undefined
  const missing = migrations.filter(({ name }) => !done.has(name))
  const unknown = applied.flatMap(({ name }) => (files.has(name) ? [] : [name]))
  if (missing.length > 0) return diverged(schema, missing, unknown)
  return firstUnknown < migrations.length ? isGone(schema, unknown[0]!) : undefined
}

/** The applied ones must be the first of the files, in the order of the files. */
function reordered(
  schema: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): TenancyError | undefined {
  const done = new Set(applied.map(({ name }) => name))
  const headAt = migrations.findLastIndex(({ name }) => done.has(name))
  const late = migrations.slice(0, headAt + 1).find(({ name }) => !done.has(name))
  if (late !== undefined) return pendingBefore(schema, late, migrations[headAt]!.name)
  const index = migrations.slice(0, headAt + 1).findIndex(({ name }, at) => applied[at]?.name !== name)
  return index === -1 ? undefined : appliedOutOfOrder(schema, migrations[index]!, index, applied[index]!.name)
}
