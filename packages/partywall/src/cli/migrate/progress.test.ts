/** The bar and the lines, on a stream that records what is written, at times that the test sets. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { TenancyError } from '../../errors.ts'
import type { MigrationEntry } from '../../types.ts'
import { MigrationProgress } from './progress.ts'
import { StickyLine } from '../terminal/sticky-line.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const entry = (target: string, more: Partial<MigrationEntry> = {}): MigrationEntry => ({
  target,
  state: 'done',
  applied: ['0002_more'],
  durationMs: 12,
  ...more,
})
const failure = (target: string): MigrationEntry =>
  entry(target, {
    state: 'failed',
    applied: [],
    error: new TenancyError('MIGRATION_FAILED', 'Line 3.', { details: { schema: target } }),
  })
const run = (targets: number) => ({ targets, direction: 'up', fake: false }) as const

function onTerminal(columns = 80) {
  let written = ''
  const stream = { columns, write: (chunk: string | Uint8Array) => ((written += String(chunk)), true) }
  const stickyLine = new StickyLine(stream)
  const progress = new MigrationProgress({ stickyLine, say: (line) => void stream.write(`${line}\n`) })
  return { progress, stream, screen: () => screenOf(written), written: () => written }
}

function inLog() {
  const lines: string[] = []
  const progress = new MigrationProgress({ stickyLine: undefined, say: (line) => void lines.push(line) })
  return { progress, screen: () => lines }
}

/** What a terminal shows in the end. */
function screenOf(written: string): string[] {
  return written.split('\n').map((line) => line.split('\r\u001b[2K').at(-1)!)
}

describe('progress of a few schemas', () => {
  test.each([
    ['on a terminal', onTerminal()],
    ['in a log', inLog()],
  ])('is a line for each, %s', (_, { progress, screen }) => {
    progress.begin(run(20))
    progress.add(entry('acme'))
    progress.add(failure('bolt'))
    progress.add(entry('corp', { state: 'skipped', applied: [] }))
    progress.add(entry('dent', { applied: [], note: 'the tenant was deleted during the run' }))
    vi.advanceTimersByTime(20_000)
    progress.end()
    expect(screen().filter((line) => line !== '')).toEqual([
      'acme: applied 0002_more (12 ms)',
      'bolt: error MIGRATION_FAILED: Line 3.',
      'corp: skipped',
      'dent: the tenant was deleted during the run',
    ])
  })

  test('has its own verbs for rolling back and for recording', () => {
    const { progress, screen } = inLog()
    progress.begin({ targets: 1, direction: 'down', fake: false })
    progress.add(entry('acme', { applied: ['1', '2', '3', '4', '5', '6', '7'] }))
    progress.begin({ targets: 1, direction: 'up', fake: true })
    progress.add(entry('acme'))
    expect(screen()).toEqual(['acme: rolled back 1, 2, 3, 4, 5 and 2 more (12 ms)', 'acme: recorded 0002_more (12 ms)'])
  })
})

describe('progress of many schemas on a terminal', () => {
  test('is one line, redrawn in its place, with rate and time left, erased at the end', () => {
    const { progress, screen } = onTerminal()
    progress.begin(run(10_000))
    expect(screen()).toEqual([`migrating [>${' '.repeat(19)}]     0/10000`])
    for (let second = 1; second <= 5; second++) {
      for (let index = 0; index < 500; index++) progress.add(entry('t'))
      vi.advanceTimersByTime(1000)
    }
    expect(screen()).toEqual([`migrating [${'='.repeat(5)}>${' '.repeat(14)}]  2500/10000  500/s  15 s left`])
    progress.end()
    expect(screen()).toEqual([''])
    vi.advanceTimersByTime(1000)
    expect(screen()).toEqual([''])
  })

  test('has the rate of the last seconds', () => {
    const { progress, screen } = onTerminal()
    progress.begin(run(1000))
    vi.advanceTimersByTime(60_000)
    for (let second = 1; second <= 20; second++) {
      for (let index = 0; index < 10; index++) progress.add(entry('t'))
      vi.advanceTimersByTime(1000)
    }
    expect(screen().at(-1)).toContain(' 200/1000  10/s  1 min 20 s left')
  })

  test('lists the first twenty failures above the line, then only counts them', () => {
    const { progress, screen } = onTerminal()
    progress.begin(run(100))
    for (let index = 1; index <= 30; index++) progress.add(failure(`t${index}`))
    vi.advanceTimersByTime(1000)
    expect(screen()).toHaveLength(22)
    expect(screen()[0]).toBe('t1: error MIGRATION_FAILED: Line 3.')
    expect(screen()[19]).toMatch(/^t20: error/)
    expect(screen()[20]).toBe('further failures are counted, not listed')
    expect(screen()[21]).toMatch(/^migrating \[=+> *\] {2}30\/100 {2}30\/s {2}3 s left {2}30 failed$/)
  })

  test.each([30, 20, 5])('never fills a terminal of %i columns, where it would wrap', (columns) => {
    const { progress, written } = onTerminal(columns)
    progress.begin(run(10_000))
    progress.add(entry('t'))
    vi.advanceTimersByTime(1000)
    const drawn = written().split('\r\u001b[2K')
    expect(drawn.length).toBeGreaterThan(9)
    expect(Math.max(...drawn.map(({ length }) => length))).toBeLessThan(columns)
  })

  test('never shares a line with other output, and never erases it', () => {
    const { progress, stream, screen } = onTerminal()
    progress.begin(run(100))
    stream.write('(node) a warning\n')
    vi.advanceTimersByTime(100)
    stream.write('printed by a migration')
    vi.advanceTimersByTime(300)
    expect(screen().slice(0, 2)).toEqual(['(node) a warning', 'printed by a migration'])
    expect(screen()[2]).toMatch(/^migrating/)
    expect(screen()).toHaveLength(3)
  })
})

test('progress of many schemas in a log is a line at the start, a line every five seconds, and the failures', () => {
  const { progress, screen } = inLog()
  progress.begin(run(10_000))
  for (let index = 0; index < 1000; index++) progress.add(entry('t'))
  vi.advanceTimersByTime(4999)
  expect(screen()).toEqual(['migrating 10000 schemas'])
  vi.advanceTimersByTime(1)
  progress.add(failure('bad'))
  progress.add(entry('late', { state: 'skipped' }))
  vi.advanceTimersByTime(5000)
  progress.end()
  vi.advanceTimersByTime(60_000)
  expect(screen()).toEqual([
    'migrating 10000 schemas',
    '1000 of 10000 migrated (10 %), 200/s, 45 s left',
    'bad: error MIGRATION_FAILED: Line 3.',
    '1002 of 10000 migrated (10 %), 100/s, 1 min 30 s left, 1 failed',
  ])
})
