/** How far work on many tenants has come. */
import type { FleetEntry } from '../types.ts'

export interface FleetProgress {
  readonly done: number
  readonly failed: number
  readonly skipped: number
  /** How many tenants there were when the work began. */
  readonly total: number
  readonly elapsedMs: number
}

export class Progress {
  readonly counts = { done: 0, failed: 0, skipped: 0 }
  readonly #tell: ((progress: FleetProgress) => void) | undefined
  readonly #total: number
  readonly #started = performance.now()

  constructor(tell: ((progress: FleetProgress) => void) | undefined, total = 0) {
    this.#tell = tell
    this.#total = total
  }

  note(state: FleetEntry['state']): void {
    this.counts[state] += 1
    if (this.#tell === undefined) return
    try {
      this.#tell({ ...this.counts, total: this.#total, elapsedMs: performance.now() - this.#started })
    } catch (error) {
      process.emitWarning(`The callback onProgress failed: ${String(error)}`, { code: 'PARTYWALL_LISTENER' })
    }
  }
}
