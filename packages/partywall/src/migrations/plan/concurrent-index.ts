/**
 * CREATE INDEX CONCURRENTLY leaves an invalid index behind when it fails, and the next try finds that index by its name. So an index without
 * a name is refused before anything runs anywhere, and not when its turn comes in the first of many schemas.
 */
import { TenancyError } from '../../errors.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { shapeOf } from '../shape/step-parts.ts'
import { lineOf, statementsOf } from '../shape/step-statements.ts'
import { stepOf, toRun, type Direction, type Planned } from './planned.ts'

/**
 * Only migrations that will run are checked: a new tenant may have such an index from the transaction that created it, where none is left invalid.
 * @throws TenancyError INVALID_MIGRATION with file and line
 */
export function assertIndexesNamed(plans: readonly Planned[]): void {
  const seen = new Set<Migration>()
  for (const planned of plans) {
    // With a problem nothing runs, and a down migration may be missing.
    if (planned.problem !== undefined) continue
    for (const migration of toRun(planned)) {
      if (seen.has(migration)) continue
      seen.add(migration)
      assertNamed(migration, planned.direction)
    }
  }
}

/** The refusal of a statement that got past the check before the run: that of a tenant created during the run, which is planned later. */
export function unnamedIndex(): TenancyError {
  return new TenancyError('INVALID_MIGRATION', needsName)
}

function assertNamed(migration: Migration, direction: Direction): void {
  const given = stepOf(migration, direction)
  const step = shapeOf(given)?.sql ?? given
  if (step.kind === 'code') return
  const unnamed = statementsOf(step).find(({ concurrentIndex }) => concurrentIndex === null)
  if (unnamed === undefined) return
  const { name, file } = migration
  const line = lineOf(step, unnamed.start)
  throw new TenancyError('INVALID_MIGRATION', `The migration ${file} was not run, because of line ${line}: ${needsName}`, {
    details: { name, file, line },
  })
}

const needsName =
  'CREATE INDEX CONCURRENTLY needs a name for its index, so that partywall can find the index if PostgreSQL leaves it invalid. Name the index.'
