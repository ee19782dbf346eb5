/** How many schemas of a pass are worked on at a time: fewer after the server had no room for the locks of that many. */
export class Narrowing {
  #most: number
  #running = 0
  #halvedAt = -Infinity
  readonly #waiting: (() => void)[] = []

  constructor(most: number) {
    this.#most = Math.max(1, most)
  }

  /** Waits until there is room for one more. @param isOutOfRoom whether the result says that there was none */
  async run<T>(fn: () => Promise<T>, isOutOfRoom: (result: T) => boolean): Promise<T> {
    while (this.#running >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#running += 1
    const startedAt = performance.now()
    try {
      const result = await fn()
      if (isOutOfRoom(result)) this.#halve(startedAt)
      return result
    } finally {
      this.#running -= 1
      this.#waiting.shift()?.()
    }
  }

  /** Those that ran beside each other count as one failure. */
  #halve(startedAt: number): void {
    if (startedAt < this.#halvedAt) return
    this.#most = Math.max(1, Math.floor(this.#most / 2))
    this.#halvedAt = performance.now()
  }
}
