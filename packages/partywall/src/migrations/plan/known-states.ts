/**
 * The states of schemas by the digest of their history: those that the files can produce, and those whose history was read. Each is made
 * once, however many schemas are in it.
 */
import type { MigrationSource } from '../../ports/migration-source.ts'
import { digestOf, digestsOf } from '../history/digest.ts'
import type { HistoryDigest } from '../history/history.ts'
import type { SchemaState } from '../history/schema-state.ts'
import type { MigrationLists } from './source-reader.ts'

export class KnownStates {
  readonly #bySource = new Map<MigrationSource, Map<string, SchemaState>>()

  constructor(lists: MigrationLists) {
    for (const [source, migrations] of lists) {
      const states = digestsOf(migrations).map((digest, count): [string, SchemaState] => [
        digest,
        { hasHistory: true, digest, applied: migrations.slice(0, count).map(({ name, checksum }) => ({ name, checksum })) },
      ])
      this.#bySource.set(source, new Map(states))
    }
  }

  get(source: MigrationSource, { digest }: HistoryDigest): SchemaState | undefined {
    return digest === null ? undefined : this.#bySource.get(source)?.get(digest)
  }

  /** Keeps a state that was read, when its digest says all of it: that of other schemas with the same digest is the same. */
  learn(source: MigrationSource, state: SchemaState): void {
    const { digest, applied, unfinished, toRecord } = state
    const isWhole = unfinished === undefined && toRecord === undefined && digest !== null && digest === digestOf(applied)
    if (isWhole) this.#bySource.get(source)?.set(digest, state)
  }
}
