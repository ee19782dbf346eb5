/** The migrations that a ready schema of a kind has. */
import { digestOf } from '../../migrations/history/digest.ts'
import { review } from '../../migrations/plan/reviews.ts'
import { sourceOfKind } from '../../migrations/sources/sources.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { unfitMigration } from '../templates/fit-for-template.ts'
import type { WarmParts } from './warm-parts.ts'

export interface KindFiles {
  readonly kind: string
  /** The name of the source. */
  readonly source: string
  /** As they run in the schema of a tenant. */
  readonly migrations: readonly Migration[]
  readonly digest: string
}

/** Why no schema of the kind can be made before its tenant is there. */
export class NotReady extends Error {}

/** @throws NotReady */
export async function filesOf(parts: Pick<WarmParts, 'sources' | 'options'>, kind: string): Promise<KindFiles> {
  const source = sourceOfKind(parts.sources, kind)
  const all = await source.list()
  const unfit = unfitMigration(all)
  if (all.length === 0) throw new NotReady('it has no migrations, so a new tenant is made as fast without.')
  if (unfit !== undefined) throw new NotReady(`its migration ${JSON.stringify(unfit.name)} is code, or changes shared objects.`)
  const reviewed = await review(parts, source, all, false)
  const migrations = all.map((migration) => reviewed.fit(migration, 'up'))
  return { kind, source: source.name, migrations, digest: digestOf(migrations) }
}
