/** Ctrl-C and kill as a promise, so that an interrupted command still cancels its statements and closes what it opened. */

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type SignalName = (typeof names)[number]

export const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const satisfies Record<SignalName, number>

/** npx and npm pass on a signal that the terminal has also sent to this process: two signals within this time count as one. */
const sameSignalMs = 1000

export class Signals {
  /** Resolves at the first signal, or at the second one if a command took the first with `take`. The next signal exits at once. */
  readonly received: Promise<SignalName>
  #resolve!: (signal: SignalName) => void
  #take: ((signal: SignalName) => void) | undefined
  #isOver = false
  #firstAt: number | undefined

  constructor() {
    this.received = new Promise((resolve) => (this.#resolve = resolve))
    for (const name of names) process.on(name, () => this.#on(name))
  }

  /** Whether there was a signal. */
  get hasAny(): boolean {
    return this.#firstAt !== undefined
  }

  /** For a command that handles the first signal itself, for example because the signal is its normal end. */
  async take(): Promise<SignalName> {
    return new Promise((resolve) => (this.#take = resolve))
  }

  #on(name: SignalName): void {
    if (this.#firstAt !== undefined && performance.now() - this.#firstAt <= sameSignalMs) return
    const isFirst = this.#firstAt === undefined
    this.#firstAt ??= performance.now()
    if (isFirst && this.#take !== undefined) return this.#take(name)
    if (this.#isOver) process.exit(128 + signalNumbers[name])
    this.#isOver = true
    this.#resolve(name)
  }
}
