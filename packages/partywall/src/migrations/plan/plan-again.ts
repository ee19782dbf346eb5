/** What is done again in one schema while a migration is written: the last migration, or all of them. */
import { TenancyError } from '../../errors.ts'
import type { Migration } from '../../ports/migration-source.ts'
import type { AppliedMigration } from '../history/digest.ts'
import type { HistoryDigest } from '../history/history.ts'
import { howToWriteDown, isGone } from './mismatches.ts'
import { planMigrations, type MigrationPlan, type OutOfOrder } from './plan.ts'
import type { Planned } from './planned.ts'
import type { FleetTarget } from './targets.ts'

/**
 * The migration that was applied last, which may have changed since. All others must be as they were applied. Pure.
 * @returns a plan without pending migrations where nothing was applied
 */
export function planRedo(
  schema: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
  outOfOrder: OutOfOrder,
): MigrationPlan {
  const last = applied.at(-1)
  if (last === undefined) return { pending: [], head: undefined, ahead: [], problem: undefined }
  const migration = migrations.find(({ name }) => name === last.name)
  if (migration === undefined) return { pending: [], head: last.name, ahead: [], problem: isGone(schema, last.name) }
  const { problem } = planMigrations(schema, migrations, applied.slice(0, -1), { to: migration.name, outOfOrder })
  const withoutDown = migration.down === undefined ? hasNoDown(schema, migration) : undefined
  return { pending: [migration], head: last.name, ahead: [], problem: problem ?? withoutDown }
}

/** All migrations, from an empty schema: whatever is there now, also a history that matches no file. */
export function planReset(target: FleetTarget, migrations: readonly Migration[], { hasHistory, digest }: HistoryDigest): Planned {
  return {
    target,
    head: undefined,
    ahead: [],
    state: { hasHistory, digest, applied: [] },
    direction: 'up',
    again: 'all',
    pending: migrations,
    needsHistoryWrite: true,
  }
}

function hasNoDown(schema: string, { name, file }: Migration): TenancyError {
  return new TenancyError(
    'INVALID_MIGRATION',
    `The migration ${file} has no down migration, so it was not applied again in the schema ${JSON.stringify(schema)}. Write one: ${howToWriteDown}. ` +
      'A tenant that may lose its data can be emptied ' +
      'and migrated from the start: `npx partywall migrate reset`.',
    { details: { schema, name, file } },
  )
}
