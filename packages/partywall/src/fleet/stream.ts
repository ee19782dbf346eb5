/**
 * The loop of work whose items come one after another and whose results go out as they end: memory grows with neither. A bounded number of items
 * is worked on at a time; an item may come back to be tried again; an end comes when too many have failed, the deadline has passed or the signal
 * is aborted. It is driven by its reader: while nothing is read, what was begun goes on, and nothing else begins.
 */
import { EventEmitter } from 'node:events'
import { changed } from './schedule.ts'

/** The result of one attempt. `again`: the item comes back after this time; `isTry` is false where it was not its fault. */
export type StreamAttempt<E> =
  | { readonly entry: E; readonly isFailed: boolean }
  | { readonly again: { readonly afterMs: number; readonly isTry: boolean } }

export interface Stream<T, E> {
  readonly size: number
  /** After how many failures no further item begins. */
  readonly maxFailures?: number | undefined
  /** The time after which no further item begins; as performance.now() counts. */
  readonly deadline?: number | undefined
  /** When it is aborted, no further item begins. */
  readonly signal?: AbortSignal | undefined
  /** Does not reject. @param tries how many attempts there were before */
  attempt(item: T, tries: number): Promise<StreamAttempt<E>>
  /** The entry of an item that was not begun, or not tried again. */
  skip(item: T): E
  /** Whether items that were never begun have an entry, too. Otherwise the source is not read to its end. */
  readonly listsRest: boolean
}

/** The most items that wait to be tried again. While so many do, no new item begins. */
const mostWaiting = 1000

/** The entries in the order in which they end. A reader that stops early waits for what was begun. */
export async function* streamed<T, E>(
  items: Iterable<T> | AsyncIterable<T>,
  stream: Stream<T, E>,
): AsyncGenerator<E, void, undefined> {
  const pump = new Pump(items, stream)
  try {
    for (let entry = await pump.next(); entry !== undefined; entry = await pump.next()) yield entry.value
  } finally {
    await pump.end()
  }
}

interface Waiting<T> {
  readonly item: T
  readonly tries: number
  readonly from: number
}

class Pump<T, E> {
  readonly #source: Iterator<T> | AsyncIterator<T>
  readonly #stream: Stream<T, E>
  readonly #entries: { readonly value: E }[] = []
  readonly #running = new Set<Promise<void>>()
  readonly #waiting: Waiting<T>[] = []
  readonly #events = new EventEmitter().setMaxListeners(0)
  #failures = 0
  #isExhausted = false

  constructor(items: Iterable<T> | AsyncIterable<T>, stream: Stream<T, E>) {
    this.#source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
    this.#stream = stream
  }

  /** Undefined when there are no more entries. */
  async next(): Promise<{ readonly value: E } | undefined> {
    for (;;) {
      await this.#fill()
      const entry = this.#entries.shift()
      if (entry !== undefined) return entry
      const isAtRest = this.#running.size === 0
      if (isAtRest && !this.#mayBegin) return this.#nextSkipped()
      if (isAtRest && this.#isExhausted && this.#waiting.length === 0) return undefined
      const due = this.#waiting.length === 0 ? undefined : Math.min(...this.#waiting.map(({ from }) => from))
      await changed(this.#events, due, this.#mayBegin ? this.#stream : {})
    }
  }

  async end(): Promise<void> {
    this.#isExhausted = true
    await Promise.all(this.#running)
    await this.#source.return?.()
  }

  get #mayBegin(): boolean {
    const { maxFailures = Infinity, deadline = Infinity, signal } = this.#stream
    return this.#failures < maxFailures && performance.now() < deadline && signal?.aborted !== true
  }

  async #fill(): Promise<void> {
    while (this.#mayBegin && this.#running.size + this.#entries.length < this.#stream.size) {
      const next = this.#takeDue() ?? (await this.#takeNew())
      if (next === undefined) return
      // The signal may have been aborted while the source was read.
      if (!this.#mayBegin) return void this.#waiting.unshift(next)
      const attempt = this.#attempt(next)
      this.#running.add(attempt)
      void attempt.then(() => this.#running.delete(attempt)).then(() => this.#events.emit('attempt'))
    }
  }

  #takeDue(): Waiting<T> | undefined {
    const due = this.#waiting.findIndex(({ from }) => from <= performance.now())
    return due === -1 ? undefined : this.#waiting.splice(due, 1)[0]
  }

  async #takeNew(): Promise<Waiting<T> | undefined> {
    if (this.#isExhausted || this.#waiting.length >= mostWaiting) return undefined
    const { done, value } = await this.#source.next()
    if (done !== true) return { item: value, tries: 0, from: 0 }
    this.#isExhausted = true
    return undefined
  }

  async #attempt({ item, tries }: Waiting<T>): Promise<void> {
    const attempt = await this.#stream.attempt(item, tries)
    if ('again' in attempt) {
      const { afterMs, isTry } = attempt.again
      this.#waiting.push({ item, tries: isTry ? tries + 1 : tries, from: performance.now() + afterMs })
      return
    }
    if (attempt.isFailed) this.#failures += 1
    this.#entries.push({ value: attempt.entry })
  }

  async #nextSkipped(): Promise<{ readonly value: E } | undefined> {
    const waiting = this.#waiting.shift() ?? (this.#stream.listsRest ? await this.#takeNew() : undefined)
    return waiting && { value: this.#stream.skip(waiting.item) }
  }
}
