/** The sources of a trial: those of the configuration, with other options, cut off after some migrations, or with a migration more. */
import type { Migration, MigrationSource, SourceReview } from '../../ports/migration-source.ts'
import { checksumOf } from '../sources/files/migration-file.ts'

/** A source that shows only its first migrations. */
export class CutSource {
  readonly source: MigrationSource
  /** How many it shows. */
  count = Infinity

  constructor(migrations: readonly Migration[], { name, review }: MigrationSource, added: SourceReview) {
    this.source = { name, list: async () => migrations.slice(0, this.count), review: { ...review, ...added } }
  }
}

/** The source with a migration in SQL behind its own. */
export function withMigration(source: MigrationSource, file: string, text: string): MigrationSource {
  const name = file.replace(/^.*[\\/]/, '').replace(/\.sql$/, '')
  const added: Migration = { name, file, checksum: checksumOf(text), up: { kind: 'sql', text, line: 1 } }
  return {
    name: source.name,
    review: source.review,
    list: async () => [...(await source.list()), added],
  }
}
