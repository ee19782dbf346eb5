import type { Migration, MigrationSource } from '../../../src/ports/migration-source.ts'
import { review } from '../../../src/migrations/plan/reviews.ts'

/** The migrations of a source as they would run in the schema of a tenant; rejects for the first one that must not. */
export async function fitMigrations(source: MigrationSource): Promise<Migration[]> {
  const parts = {
    options: { sharedSchema: 'public', includeShared: true, extraSearchPath: [] },
    sources: { shared: { name: 'migrations/shared' } },
  }
  const migrations = await source.list()
  const reviewed = await review(parts, source, migrations, false)
  return migrations.map((migration) => {
    const fit = reviewed.fit(migration, 'up')
    return migration.down === undefined ? fit : reviewed.fit(migration, 'down')
  })
}
