/**
 * Sees what other processes change, on one connection of its own: it listens, or polls where the connection does not reach a session of
 * its own. The connection is opened at the first use, and never keeps the process alive.
 *
 * While changes are seen there is a period (ports/watch.ts). It ends when the connection is lost, or when the server has not answered for
 * some time: a connection whose other end is gone shows no error by itself.
 */
import type { ClientConfig } from 'pg'
import type { Watch, WatchMode, WatchOptions } from '../../ports/watch.ts'
import { WatchConnection } from './watch-connection.ts'

/** All in milliseconds. */
export interface Rhythm {
  /** From one answer of the server to the next question. */
  readonly everyMs: Readonly<Record<WatchMode, number>>
  /** For which an answer counts, from its question on. */
  readonly trustMs: Readonly<Record<WatchMode, number>>
  /** After which a server that does not answer counts as lost. */
  readonly answerMs: number
}

const usualRhythm: Rhythm = {
  everyMs: { listen: 5000, poll: 1000 },
  trustMs: { listen: 10_000, poll: 2500 },
  answerMs: 5000,
}
/** Nothing was looked up for this long: a poll pauses until the next lookup. */
const pauseAfterMs = 10_000
const firstRetryMs = 100
const mostRetryMs = 15_000

export class ChangeWatch implements Watch {
  readonly #options: WatchOptions
  readonly #config: () => Promise<ClientConfig>
  readonly #outside: (fn: () => void) => void
  readonly #rhythm: Rhythm
  #isRunning = false
  #isClosed = false
  #wasWatching = false
  #isLost = false
  #lastUse = 0
  #period: object | undefined
  #trustedUntil = 0
  #connection: WatchConnection | undefined
  #wake: (() => void) | undefined

  /**
   * @param config how to connect; called at the first use
   * @param outside runs a function outside every scope: a socket that is made in one would carry its tenant into its events
   */
  constructor(
    options: WatchOptions,
    config: () => Promise<ClientConfig>,
    outside: (fn: () => void) => void,
    rhythm = usualRhythm,
  ) {
    this.#options = options
    this.#config = config
    this.#outside = outside
    this.#rhythm = rhythm
  }

  period(): object | undefined {
    const now = performance.now()
    this.#lastUse = now
    if (!this.#isRunning && !this.#isClosed) this.#outside(() => void this.#run())
    return now < this.#trustedUntil ? this.#period : undefined
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const connection = this.#connection
    this.#end()
    this.#wake?.()
    await connection?.closed
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    for (let failures = 0; !this.#isClosed; failures++) {
      let mode: WatchMode | undefined
      try {
        await this.#watch(
          (connected) => (mode = connected),
          () => (failures = 0),
        )
        break
      } catch (error) {
        this.#end()
        if (this.#isClosed) break
        if (!this.#isLost) this.#options.onLost(mode, reasonOf(error))
        this.#isLost = true
      }
      if (this.#isUnused()) break
      await this.#sleep(Math.min(mostRetryMs, firstRetryMs * 2 ** failures) * (0.5 + Math.random() / 2))
    }
    this.#isRunning = false
  }

  /** Resolves when a poll may pause; rejects when changes are not seen any more. */
  async #watch(onConnected: (mode: WatchMode) => void, onWatching: () => void): Promise<void> {
    await this.#options.ready()
    const config = await this.#config()
    if (this.#isClosed) return
    const connection = new WatchConnection(config, this.#rhythm.answerMs)
    this.#connection = connection
    const mode = await connection.open(this.#options)
    onConnected(mode)
    let asked = performance.now()
    await connection.ask()
    this.#begin(mode, asked)
    onWatching()
    while (!this.#isClosed) {
      await Promise.race([this.#sleep(this.#rhythm.everyMs[mode]), connection.lost])
      if (mode === 'poll' && this.#isUnused()) return this.#end()
      asked = performance.now()
      await connection.ask()
      this.#trustedUntil = asked + this.#rhythm.trustMs[mode]
    }
  }

  #begin(mode: WatchMode, asked: number): void {
    this.#period = {}
    this.#trustedUntil = asked + this.#rhythm.trustMs[mode]
    const isAgain = this.#wasWatching
    this.#wasWatching = true
    if (!isAgain || this.#isLost) this.#options.onWatching(mode, isAgain)
    this.#isLost = false
  }

  #end(): void {
    this.#period = undefined
    this.#connection?.close()
    this.#connection = undefined
  }

  #isUnused(): boolean {
    return performance.now() - this.#lastUse > pauseAfterMs
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      timer.unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Errors of the server and of the network name no rows; a connection string is in none of them. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
