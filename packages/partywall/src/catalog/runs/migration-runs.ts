/** The record of a run of migrations, in the catalog: what was to be done, what is done. Written in batches, so that it costs little. */
import type { Catalog } from '../catalog.ts'
import {
  endEntriesSql,
  endRunSql,
  expectEntriesSql,
  forgetOldRunsSql,
  startRunSql,
  unfinishedRunSql,
  unfinishedTargetsSql,
  type RunEntry,
  type RunTarget,
} from './migration-runs-sql.ts'

export type { RunEntry, RunTarget } from './migration-runs-sql.ts'

export interface UnfinishedRun {
  readonly id: string
  /** As they were given to `start`. */
  readonly options: Record<string, unknown>
  readonly targets: readonly RunTarget[]
}

/** Milliseconds between two writes of entries. */
const batchMs = 250

export class MigrationRun {
  readonly id: string
  readonly #catalog: Catalog
  #batch: RunEntry[] = []
  #writing: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #failure: unknown

  private constructor(catalog: Catalog, id: string) {
    this.#catalog = catalog
    this.id = id
  }

  /** @param options what is needed to do the same again; JSON can carry it */
  static async start(catalog: Catalog, options: object): Promise<MigrationRun> {
    const { rows } = await catalog.query<{ id: string }>(startRunSql(options))
    await catalog.query(forgetOldRunsSql())
    return new MigrationRun(catalog, rows[0]!.id)
  }

  /** Goes on with a run that was interrupted. */
  static resume(catalog: Catalog, { id }: UnfinishedRun): MigrationRun {
    return new MigrationRun(catalog, id)
  }

  /** The last run, when something of it is left to do; also one that runs right now elsewhere. */
  static async findUnfinished(catalog: Catalog): Promise<UnfinishedRun | undefined> {
    const { rows } = await catalog.query<{ id: string; options: string }>(unfinishedRunSql())
    const run = rows[0]
    if (run === undefined) return undefined
    const targets = await catalog.query<{ target: string; tenantId: string | null }>(unfinishedTargetsSql(run.id))
    return {
      id: run.id,
      options: JSON.parse(run.options) as Record<string, unknown>,
      targets: targets.rows.map(({ target, tenantId }) => ({ target, tenantId: tenantId ?? undefined })),
    }
  }

  /** Writes down what is to be done, before it is. */
  async expect(targets: readonly RunTarget[]): Promise<void> {
    await this.#catalog.query(expectEntriesSql(this.id, targets))
  }

  /** Writes down what became of a target, soon. A failure to write is told by `end`. */
  note(entry: RunEntry): void {
    this.#batch.push(entry)
    this.#timer ??= setTimeout(() => this.#write(), batchMs)
  }

  /** When this resolves, everything of the run is on the disk. */
  async end(isOk: boolean): Promise<void> {
    this.#write()
    await this.#writing
    await this.#catalog.query(endRunSql(this.id, isOk ? 'done' : 'failed'))
    if (this.#failure !== undefined) throw this.#failure
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const entries = this.#batch.splice(0)
    if (entries.length === 0) return
    this.#writing = this.#writing
      .then(async () => void (await this.#catalog.query(endEntriesSql(this.id, entries))))
      .catch((error: unknown) => void (this.#failure ??= error))
  }
}
