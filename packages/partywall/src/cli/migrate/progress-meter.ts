/** How far a run has come, how fast it goes, and how long the rest will take. Pure: the caller gives the time. */
import type { FleetEntry } from '../../types.ts'

/** The rate is measured over the last seconds: a run begins slowly, with its canaries, and may wait for locks. */
const windowMs = 10_000

export class Meter {
  total: number
  readonly counts = { done: 0, failed: 0, skipped: 0 } satisfies Record<FleetEntry['state'], number>
  #samples: { readonly at: number; readonly ended: number }[]

  constructor(total: number, now: number) {
    this.total = total
    this.#samples = [{ at: now, ended: 0 }]
  }

  get ended(): number {
    const { done, failed, skipped } = this.counts
    return done + failed + skipped
  }

  count(state: FleetEntry['state']): void {
    this.counts[state] += 1
    // Tenants that were created during the run are added to it.
    this.total = Math.max(this.total, this.ended)
  }

  /** Schemas a second; undefined while it is unknown. Each call takes a sample. */
  rate(now: number): number | undefined {
    const { ended } = this
    this.#samples.push({ at: now, ended })
    // One sample from before the window stays: the rate is measured from it.
    while (this.#samples.length > 2 && this.#samples[1]!.at <= now - windowMs) this.#samples.shift()
    const first = this.#samples[0]!
    return ended > first.ended && now > first.at ? ((ended - first.ended) * 1000) / (now - first.at) : undefined
  }

  /** In whole seconds; undefined while it is unknown, and when nothing is left. */
  leftMs(rate: number | undefined): number | undefined {
    const left = this.total - this.ended
    return rate === undefined || left === 0 ? undefined : Math.ceil(left / rate) * 1000
  }
}
