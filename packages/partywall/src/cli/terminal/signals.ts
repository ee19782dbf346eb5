/** Ctrl-C and kill as a promise, so that an interrupted command still closes what it opened. */

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type SignalName = (typeof names)[number]

export const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const satisfies Record<SignalName, number>

/** npx and npm pass on a signal that the terminal has also sent to this process: two signals within this time count as one. */
const sameSignalMs = 1000

export class Signals {
  /** Resolves at the first signal, unless a command took it with `take`. */
  readonly received: Promise<SignalName>
  #resolve!: (signal: SignalName) => void
  #firstAt: number | undefined

  constructor() {
    this.received = new Promise((resolve) => (this.#resolve = resolve))
    for (const name of names) process.on(name, () => this.#on(name))
  }

  /** For a command that handles the first signal itself, for example because the signal is its normal end. */
  async take(): Promise<SignalName> {
    return new Promise((resolve) => (this.#resolve = resolve))
  }

  #on(name: SignalName): void {
    if (this.#firstAt === undefined) {
      this.#firstAt = performance.now()
      this.#resolve(name)
    } else if (performance.now() - this.#firstAt > sameSignalMs) {
      process.exit(128 + signalNumbers[name])
    }
  }
}
