/** What is written while migrations run: the bar, the line of every few seconds, the line of one schema. */
import type { MigrationEntry } from '../../types.ts'
import { formatDuration } from '../terminal/duration.ts'
import { describeFailure } from '../terminal/failure.ts'
import { listed, printable } from '../terminal/printable.ts'
import type { Meter } from './progress-meter.ts'

/** The verbs for what a run does. */
export interface RunWords {
  readonly doing: string
  /** Of a schema: `acme: applied 0002_titles`. */
  readonly did: string
  /** Of many: `3 of 4 migrated`. */
  readonly done: string
  readonly idle: string
}

export function wordsOf({ direction, fake }: { readonly direction: 'up' | 'down'; readonly fake: boolean }): RunWords {
  if (fake) return { doing: 'recording', did: 'recorded', done: 'recorded as applied', idle: 'up to date' }
  if (direction === 'down') {
    return { doing: 'rolling back', did: 'rolled back', done: 'rolled back', idle: 'with nothing to roll back' }
  }
  return { doing: 'migrating', did: 'applied', done: 'migrated', idle: 'up to date' }
}

const roomForFacts = 50

/** `migrating [=====>      ] 4812/10000  412/s  12 s left  3 failed`, not longer than `width`. */
export function barLine(meter: Meter, { doing }: RunWords, now: number, width: number): string {
  const { total, ended, counts } = meter
  const rate = meter.rate(now)
  const left = meter.leftMs(rate)
  const facts = [
    `${String(ended).padStart(String(total).length)}/${total}`,
    ...(rate === undefined ? [] : [`${formatRate(rate)}/s`]),
    ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
    ...(counts.failed === 0 ? [] : [`${counts.failed} failed`]),
  ].join('  ')
  // Depends on the width alone: a bar that grows and shrinks with the facts is hard to read.
  const room = Math.min(40, width - doing.length - roomForFacts)
  return (room < 10 ? facts : `${doing} [${bar(ended / total, room)}] ${facts}`).slice(0, width)
}

/** The same for a log, where nothing can be redrawn. */
export function logLine(meter: Meter, { done }: RunWords, now: number): string {
  const { total, ended, counts } = meter
  const rate = meter.rate(now)
  const left = meter.leftMs(rate)
  return [
    `${ended} of ${total} ${done} (${Math.floor((100 * ended) / total)} %)`,
    ...(rate === undefined ? [] : [`${formatRate(rate)}/s`]),
    ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
    ...(counts.failed === 0 ? [] : [`${counts.failed} failed`]),
  ].join(', ')
}

/** What became of one schema. */
export function entryLine(entry: MigrationEntry, { did, idle }: RunWords): string {
  const name = printable(entry.target)
  if (entry.state === 'failed') return `${name}: ${describeFailure(entry.error)}`
  if (entry.state === 'skipped') return `${name}: skipped`
  if (entry.note !== undefined) return `${name}: ${entry.note}`
  if (entry.applied.length === 0) return `${name}: ${idle}`
  return `${name}: ${did} ${listed(entry.applied, 5)} (${formatDuration(entry.durationMs)})`
}

function bar(share: number, room: number): string {
  const full = Math.floor(share * room)
  return full >= room ? '='.repeat(room) : `${'='.repeat(full)}>`.padEnd(room)
}

function formatRate(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : String(Math.round(rate))
}
