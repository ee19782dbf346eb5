/** A run that works in this process, as it is at this moment. */
import type { MigrationEntry, MigrationsStarted, SchemaMigrationStarted } from 'partywall'
import type { RunCounts, RunEntry, RunError } from './api.ts'
import { runErrorOf } from './errors.ts'

const mostFailures = 100
const mostRecent = 20

export class LiveRun {
  readonly actor: string | undefined
  readonly startedAt = new Date()
  readonly #abort = new AbortController()
  readonly #started = Promise.withResolvers<void>()
  readonly #running = new Map<string, RunEntry>()
  readonly #ended = new Map<string, RunEntry['state']>()
  readonly #watchers = new Set<() => void>()
  #failures: RunEntry[] = []
  #recent: RunEntry[] = []
  #targets = 0
  id: string | undefined
  isOver = false
  error: RunError | undefined

  /** @param actor undefined: the application itself began it */
  constructor(actor?: string) {
    this.actor = actor
  }

  /** Resolves when it has its id, or is over. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** No further schema begins. Those at work go on to their end. */
  stop(): void {
    this.#abort.abort()
    this.#tell()
  }

  begin({ runId, targets }: MigrationsStarted): void {
    this.id = runId
    this.#targets = targets
    if (runId !== undefined) this.#started.resolve()
    this.#tell()
  }

  schemaStarted({ target, tenantId, pending }: SchemaMigrationStarted): void {
    const entry = { target, ...(tenantId !== undefined && { tenantId }), state: 'running', applied: pending } as const
    this.#running.set(tenantId ?? target, entry)
    this.#tell()
  }

  schemaEnded({ target, tenantId, state, applied, error, note, durationMs }: MigrationEntry): void {
    const key = tenantId ?? target
    this.#running.delete(key)
    this.#ended.set(key, state)
    const entry: RunEntry = {
      target,
      ...(tenantId !== undefined && { tenantId }),
      state,
      applied,
      ...(error !== undefined && { error: runErrorOf(error) }),
      ...(note !== undefined && { note }),
      durationMs: Math.round(durationMs),
    }
    if (state === 'failed') this.#failures = [...this.#failures, entry].slice(0, mostFailures)
    if (state !== 'skipped') this.#recent = [entry, ...this.#recent].slice(0, mostRecent)
    this.#tell()
  }

  end(error?: unknown): void {
    if (this.isOver) return
    this.isOver = true
    if (error !== undefined && error !== null) this.error = runErrorOf(error)
    this.#started.resolve()
    this.#tell()
  }

  /** Calls `watcher` at each change. @returns what ends it */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  get counts(): RunCounts {
    const count = (state: string): number => [...this.#ended.values()].filter((one) => one === state).length
    const [done, failed, skipped, running] = [count('done'), count('failed'), count('skipped'), this.#running.size]
    return { running, done, failed, skipped, waiting: Math.max(0, this.#targets - done - failed - skipped - running) }
  }

  get entries(): {
    readonly running: readonly RunEntry[]
    readonly failures: readonly RunEntry[]
    readonly recent: readonly RunEntry[]
  } {
    return { running: [...this.#running.values()], failures: this.#failures, recent: this.#recent }
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher()
  }
}
