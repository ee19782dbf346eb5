/** The counters in memory: periods, room, limits by window. */
import { expect, test } from 'vitest'
import type { StatementUse } from '../../observation.ts'
import { usageOption, type UsageConfig } from '../../config/usage-option.ts'
import type { Tenant } from '../../types.ts'
import { Meter } from './meter.ts'

const use: StatementUse = { durationMs: 2, rows: 3, bytesSent: 10, bytesReceived: 20, hasFailed: false }
const tenant = (id: string): Tenant => ({ id, schema: id }) as Tenant

function meterAt(now: { at: number }, usage: UsageConfig = {}) {
  const exceeded: number[] = []
  let firsts = 0
  const meter = new Meter({
    options: usageOption(usage)!,
    onExceeded: ({ limit }) => exceeded.push(limit),
    onFirst: () => (firsts += 1),
    now: () => now.at,
  })
  return { meter, exceeded, firsts: () => firsts }
}

/** What the recorder does after it has stored them. */
function store(meter: Meter): void {
  for (const sheet of meter.unstored()) {
    for (const line of sheet.lines.values()) line.stored = line.changes
    sheet.isClosedThere = sheet.isClosed
  }
  meter.dropStored()
}

test('counts of one period are on one sheet, and the next period has another one', () => {
  const now = { at: 7_200_000 + 5 }
  const { meter, firsts } = meterAt(now)
  meter.entered(tenant('a'))
  meter.count(tenant('a'), use)
  meter.count(tenant('a'), { ...use, hasFailed: true })
  now.at = 7_200_000 + 3_600_000
  meter.count(tenant('a'), use)
  const [first, second] = meter.unstored()
  expect([first!.from, first!.until, first!.isClosed]).toEqual([7_200_000, 10_800_000, true])
  expect(first!.lines.get('a')).toMatchObject({
    calls: 1,
    statements: 2,
    failed: 1,
    rows: 6,
    busyMs: 4,
    bytesSent: 20,
    bytesReceived: 40,
  })
  expect([second!.from, second!.isClosed, second!.lines.get('a')!.statements]).toEqual([10_800_000, false, 1])
  expect(first!.id).not.toBe(second!.id)
  expect(firsts()).toBe(1)
})

test('a sheet whose period is over is closed without another count', () => {
  const now = { at: 0 }
  const { meter } = meterAt(now)
  meter.count(tenant('a'), use)
  store(meter)
  expect(meter.unstored()).toEqual([])
  now.at = 3_600_000
  expect(meter.unstored().map(({ isClosed }) => isClosed)).toEqual([true])
  store(meter)
  expect(meter.unstored()).toEqual([])
})

test('what is counted while it is being stored is stored the next time', () => {
  const { meter } = meterAt({ at: 0 })
  meter.count(tenant('a'), use)
  const [sheet] = meter.unstored()
  const line = sheet!.lines.get('a')!
  const sent = line.changes
  meter.count(tenant('a'), use)
  line.stored = sent
  expect(meter.unstored()).toHaveLength(1)
})

test('the memory is bounded: full sheets are closed, and where they cannot be stored, counts are lost and said to be', () => {
  const { meter } = meterAt({ at: 0 }, { maxTenants: 100 })
  for (let number = 0; number < 1000; number++) meter.count(tenant(`t${number}`), use)
  expect(meter.unstored().reduce((sum, { lines }) => sum + lines.size, 0)).toBe(400)
  expect(meter.takeLost()).toBe(600)
  store(meter)
  meter.count(tenant('t999'), use)
  expect(meter.takeLost()).toBe(0)
  expect(meter.unstored().map(({ lines }) => lines.size)).toEqual([1])
})

test('a tenant that is on a full sheet is still counted there', () => {
  const { meter } = meterAt({ at: 0 }, { maxTenants: 100 })
  for (let round = 0; round < 3; round++) for (let number = 0; number < 100; number++) meter.count(tenant(`t${number}`), use)
  expect(meter.unstored()).toHaveLength(1)
  expect(meter.unstored()[0]!.lines.get('t7')!.statements).toBe(3)
})

test('a limit begins again in each window, and is asked for once in it', () => {
  const now = { at: 0 }
  let asked = 0
  const { meter, exceeded } = meterAt(now, { limit: () => ((asked += 1), 2), windowMs: 1000 })
  const admitted = (): boolean => {
    try {
      meter.admit(tenant('a'))
      return true
    } catch {
      return false
    }
  }
  expect([admitted(), admitted(), admitted(), admitted()]).toEqual([true, true, false, false])
  now.at = 999
  expect(admitted()).toBe(false)
  now.at = 1000
  expect([admitted(), admitted(), admitted()]).toEqual([true, true, false])
  expect(asked).toBe(2)
  expect(exceeded).toEqual([2, 2])
})
