/** One lookup at a time for each key: callers that ask meanwhile wait for its answer. */
export class Flights {
  readonly #running = new Map<string, Promise<unknown>>()

  /**
   * Waits for the lookup of this key that is running, or starts one.
   * @param remember is called with the answer, unless a change has dropped this lookup in the meantime
   */
  fly<T>(key: string, load: () => Promise<T>, remember: (answer: T) => void): Promise<T> {
    const running = this.#running.get(key)
    if (running !== undefined) return running as Promise<T>
    const flight: Promise<T> = load().then(
      (answer) => {
        if (this.#land(key, flight)) remember(answer)
        return answer
      },
      (error: unknown) => {
        this.#land(key, flight)
        throw error
      },
    )
    this.#running.set(key, flight)
    return flight
  }

  /** Drops every running lookup: it may have started before a change. Its callers get its answer, and it is not remembered. */
  drop(): void {
    this.#running.clear()
  }

  /** True unless this lookup was dropped. */
  #land(key: string, flight: Promise<unknown>): boolean {
    return this.#running.get(key) === flight && this.#running.delete(key)
  }
}
