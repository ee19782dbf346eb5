/**
 * Makes ready schemas in the background, in the process that has used one. One kind is filled at a time. After a failure it waits, longer each time. It starts
 * nothing once the tenancy is being closed, and its timers do not keep the process alive.
 */

/** Those who sign up at the same moment come first. */
const firstPauseMs = 50
const firstBackoffMs = 1000
const longestBackoffMs = 300_000

export class Refill {
  readonly #fill: (kind: string) => Promise<void>
  readonly #signal: AbortSignal
  readonly #waiting = new Set<string>()
  readonly #backoffMs = new Map<string, number>()
  #running: Promise<void> | undefined

  /** @param fill rejects when the kind could not be filled */
  constructor(signal: AbortSignal, fill: (kind: string) => Promise<void>) {
    this.#signal = signal
    this.#fill = fill
  }

  /** Fills the kind soon. Calls during the pause are one. */
  wake(kind: string): void {
    this.#after(firstPauseMs, kind)
  }

  #after(pauseMs: number, kind: string): void {
    // What is waiting is after a failure, or will see all that was used.
    if (this.#signal.aborted || this.#waiting.has(kind)) return
    this.#waiting.add(kind)
    setTimeout(() => {
      this.#running = (this.#running ?? Promise.resolve()).then(() => this.#run(kind))
    }, pauseMs).unref()
  }

  async #run(kind: string): Promise<void> {
    this.#waiting.delete(kind)
    if (this.#signal.aborted) return
    try {
      await this.#fill(kind)
      this.#backoffMs.delete(kind)
    } catch {
      const pauseMs = this.#backoffMs.get(kind) ?? firstBackoffMs
      this.#backoffMs.set(kind, Math.min(longestBackoffMs, 2 * pauseMs))
      this.#after(pauseMs * (0.5 + Math.random()), kind)
    }
  }
}
