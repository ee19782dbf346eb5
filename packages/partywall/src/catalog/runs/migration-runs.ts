/** The record of a migration run in the catalog: what it has to do, and what is done. Entries are written in batches, so that it costs little. */
import type { Database } from '../../ports/database.ts'
import { currentRecorder, recordAction, recorded, type Action } from '../audit/record.ts'
import {
  endEntriesSql,
  endRunSql,
  expectEntriesSql,
  forgetOldRunsSql,
  resumeRunSql,
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

/** What the audit says of a run. */
export type RunAction = Omit<Action, 'object'>

/** What an entry of the audit names: the run. */
const ownId = { tenantId: 'tenant_id', object: 'id' }

/** Milliseconds between two writes of entries. */
const batchMs = 250

export class MigrationRun {
  readonly id: string
  readonly #catalog: Database
  #batch: RunEntry[] = []
  #writing: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #failure: unknown

  private constructor(catalog: Database, id: string) {
    this.#catalog = catalog
    this.id = id
  }

  /**
   * Before the first schema is changed, so that a run that is killed has its entry in the audit, too.
   * @param options what a resumed run needs; must be JSON
   */
  static async start(catalog: Database, options: object, { tenant, ...started }: RunAction): Promise<MigrationRun> {
    const { rows } = await catalog.query<{ id: string }>(
      recorded(startRunSql(options, currentRecorder(), tenant?.id), ownId, started),
    )
    await catalog.query(forgetOldRunsSql())
    return new MigrationRun(catalog, rows[0]!.id)
  }

  /** Continues a run that was interrupted. */
  static async resume(catalog: Database, { id }: UnfinishedRun, started: RunAction): Promise<MigrationRun> {
    await recordAction(catalog, { ...started, object: id })
    await catalog.query(resumeRunSql(id, currentRecorder()))
    return new MigrationRun(catalog, id)
  }

  /** The last run, if it is not finished; it may still be running in another process. */
  static async findUnfinished(catalog: Database): Promise<UnfinishedRun | undefined> {
    const { rows } = await catalog.query<{ id: string; options: string }>(unfinishedRunSql())
    const run = rows[0]
    if (run === undefined) return undefined
    const targets = await catalog.query<{ target: string; tenantId: string | null }>(unfinishedTargetsSql(run.id))
    const { by: _, ...options } = JSON.parse(run.options) as Record<string, unknown>
    return {
      id: run.id,
      options,
      targets: targets.rows.map(({ target, tenantId }) => ({ target, tenantId: tenantId ?? undefined })),
    }
  }

  /** Records what has to be done, before it is done. */
  async expect(targets: readonly RunTarget[]): Promise<void> {
    await this.#catalog.query(expectEntriesSql(this.id, targets))
  }

  /** Records the result of a target, within `batchMs`. If that write fails, `end` throws. */
  note(entry: RunEntry): void {
    this.#batch.push(entry)
    this.#timer ??= setTimeout(() => this.#write(), batchMs)
  }

  /** When this resolves, the whole run is stored durably. */
  async end(isOk: boolean, { tenant, ...ended }: RunAction): Promise<void> {
    this.#write()
    await this.#writing
    const end = endRunSql(this.id, isOk ? 'done' : 'failed', tenant?.id)
    await this.#catalog.query(recorded(end, ownId, ended))
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
