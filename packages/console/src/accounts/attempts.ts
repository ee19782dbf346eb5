/** Counts failures, so that passwords cannot be guessed by trying. In the memory of this process. */

const mostKeys = 10_000

export class Attempts {
  readonly #most: number
  readonly #withinMs: number
  readonly #failures = new Map<string, { count: number; until: number }>()

  /** @param most failures of one key within the time; the next attempt is then refused until it is over */
  constructor(most: number, withinMs: number) {
    this.#most = most
    this.#withinMs = withinMs
  }

  isOver(key: string, now = performance.now()): boolean {
    const known = this.#failures.get(key)
    return known !== undefined && known.until > now && known.count >= this.#most
  }

  failed(key: string, now = performance.now()): void {
    const known = this.#failures.get(key)
    this.#failures.delete(key)
    if (known !== undefined && known.until > now) this.#failures.set(key, { ...known, count: known.count + 1 })
    else this.#failures.set(key, { count: 1, until: now + this.#withinMs })
    // The one that failed longest ago makes room.
    if (this.#failures.size > mostKeys) this.#failures.delete(this.#failures.keys().next().value!)
  }

  /** The attempt was counted before its end was known, and was no failure. */
  takeBack(key: string): void {
    const known = this.#failures.get(key)
    if (known !== undefined) this.#failures.set(key, { ...known, count: Math.max(0, known.count - 1) })
  }

  succeeded(key: string): void {
    this.#failures.delete(key)
  }
}
