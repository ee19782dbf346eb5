/** Ctrl-C and kill, as something to wait for: a run that is interrupted still closes what it opened. */

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type SignalName = (typeof names)[number]

export const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const satisfies Record<SignalName, number>

/** npx and npm pass on what the terminal has sent to us already: within this time, two signals are one. */
const sameSignalMs = 1000

export class Signals {
  /** Resolves at the first signal, unless a command waits for it itself. */
  readonly received: Promise<SignalName>
  #tell!: (signal: SignalName) => void
  #firstAt: number | undefined

  constructor() {
    this.received = new Promise((resolve) => (this.#tell = resolve))
    for (const name of names) process.on(name, () => this.#on(name))
  }

  /** For a command whose work is to run until it is told to stop: the signal is its normal end. */
  async untilTold(): Promise<SignalName> {
    return new Promise((resolve) => (this.#tell = resolve))
  }

  #on(name: SignalName): void {
    if (this.#firstAt === undefined) {
      this.#firstAt = performance.now()
      this.#tell(name)
    } else if (performance.now() - this.#firstAt > sameSignalMs) {
      process.exit(128 + signalNumbers[name])
    }
  }
}
