/**
 * What a person sees while migrations run. For a few schemas, a line each. For many, a bar that is redrawn in its place, or in a log a
 * line every few seconds; the first failures are listed as they come.
 */
import type { MigrationsStarted } from '../../events.ts'
import type { MigrationEntry } from '../../types.ts'
import { barLine, entryLine, logLine, wordsOf, type RunWords } from './progress-lines.ts'
import { Meter } from './progress-meter.ts'
import type { StickyLine } from '../terminal/sticky-line.ts'

export interface ProgressOutput {
  say(line: string): void
  /** Where there is a terminal. */
  readonly stickyLine: StickyLine | undefined
}

/** Up to this many schemas, each gets a line. */
const few = 20
const failuresShown = 20
const drawMs = 100
const logMs = 5000

export class MigrationProgress {
  readonly #out: ProgressOutput
  readonly #now: () => number
  #meter: Meter | undefined
  #words: RunWords = wordsOf({ direction: 'up', fake: false })
  #isFew = true
  #timer: NodeJS.Timeout | undefined

  constructor(out: ProgressOutput, now: () => number = () => performance.now()) {
    this.#out = out
    this.#now = now
  }

  begin(run: MigrationsStarted, words = wordsOf(run)): void {
    this.#meter = new Meter(run.targets, this.#now())
    this.#words = words
    this.#isFew = run.targets <= few
    if (this.#isFew) return
    if (this.#out.stickyLine === undefined) this.#out.say(`${this.#words.doing} ${run.targets} schemas`)
    else this.#draw()
    this.#timer = setInterval(() => this.#draw(), this.#out.stickyLine === undefined ? logMs : drawMs)
    this.#timer.unref()
  }

  add(entry: MigrationEntry): void {
    const meter = this.#meter
    if (meter === undefined) return
    meter.count(entry.state)
    if (this.#isFew) this.#out.say(entryLine(entry, this.#words))
    else if (entry.state === 'failed') this.#addFailure(entry, meter.counts.failed)
  }

  /** Nothing is shown after it. */
  end(): void {
    clearInterval(this.#timer)
    this.#meter = undefined
    this.#out.stickyLine?.hide()
  }

  #addFailure(entry: MigrationEntry, count: number): void {
    if (count <= failuresShown) this.#out.say(entryLine(entry, this.#words))
    else if (count === failuresShown + 1) this.#out.say('further failures are counted, not listed')
  }

  #draw(): void {
    const meter = this.#meter
    if (meter === undefined) return
    if (this.#out.stickyLine === undefined) this.#out.say(logLine(meter, this.#words, this.#now()))
    else this.#out.stickyLine.show((width) => barLine(meter, this.#words, this.#now(), width))
  }
}
