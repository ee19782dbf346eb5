/** Reads every source once, however many schemas use it, and can start before it is known which sources the tenants need. */
import type { Migration, MigrationSource } from '../../ports/migration-source.ts'

export type MigrationLists = ReadonlyMap<MigrationSource, readonly Migration[]>

export class SourceReader {
  readonly #reading = new Map<MigrationSource, Promise<readonly Migration[]>>()

  /** Starts to read. A source that cannot be read fails only the caller that reads it later. */
  readAhead(sources: Iterable<MigrationSource>): void {
    for (const source of sources) this.#read(source).catch(() => {})
  }

  /** @throws TenancyError INVALID_MIGRATION */
  async read(sources: Iterable<MigrationSource>): Promise<MigrationLists> {
    const distinct = [...new Set(sources)]
    return new Map(await Promise.all(distinct.map(async (source) => [source, await this.#read(source)] as const)))
  }

  #read(source: MigrationSource): Promise<readonly Migration[]> {
    let reading = this.#reading.get(source)
    if (reading === undefined) {
      reading = list(source)
      this.#reading.set(source, reading)
    }
    return reading
  }
}

/** Async: a source that an application wrote may throw where it should reject. */
async function list(source: MigrationSource): Promise<readonly Migration[]> {
  return source.list()
}
