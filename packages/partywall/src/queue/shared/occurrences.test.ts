import { expect, test } from 'vitest'
import { jitterOf, lastOccurrence, occurrenceId } from './occurrences.ts'

const at = (text: string): Date => new Date(text)

test('the same expression comes due at another time in each time zone', () => {
  const [from, to] = [at('2026-06-01T00:00:00Z'), at('2026-06-01T12:00:00Z')]
  expect(lastOccurrence('0 8 * * *', 'Europe/Berlin', from, to)).toEqual({ at: at('2026-06-01T06:00:00Z'), skipped: 0 })
  expect(lastOccurrence('0 8 * * *', 'Asia/Tokyo', from, to)).toBeUndefined()
  expect(lastOccurrence('0 8 * * *', 'America/New_York', from, to)).toEqual({ at: at('2026-06-01T12:00:00Z'), skipped: 0 })
})

test('an occurrence belongs to one window: its end is in it, its beginning is not', () => {
  const minutes = ['2026-06-01T07:59:00Z', '2026-06-01T08:00:00Z', '2026-06-01T08:01:00Z'].map(at)
  const found = [0, 1].map((n) => lastOccurrence('0 8 * * *', 'UTC', minutes[n]!, minutes[n + 1]!)?.at)
  expect(found).toEqual([minutes[1], undefined])
})

test('a window over several of them gives the last one, and counts those before it', () => {
  const [from, to] = [at('2026-06-01T08:00:00Z'), at('2026-06-01T08:10:00Z')]
  expect(lastOccurrence('* * * * *', 'UTC', from, to)).toEqual({ at: to, skipped: 9 })
})

test('when clocks are set forward, what falls into the gap still comes, and once', () => {
  const found = lastOccurrence('30 2 * * *', 'Europe/Berlin', at('2026-03-28T12:00:00Z'), at('2026-03-29T12:00:00Z'))
  expect(found?.skipped).toBe(0)
})

test('what is no time zone and no expression is an error', () => {
  const [from, to] = [at('2026-06-01T00:00:00Z'), at('2026-06-02T00:00:00Z')]
  expect(() => lastOccurrence('0 8 * * *', 'Mars/Olympus', from, to)).toThrow('Mars/Olympus')
  expect(() => lastOccurrence('at eight', 'UTC', from, to)).toThrow('at eight')
})

test('the delay and the id of an occurrence are the same each time, within the limit, and others for another tenant', () => {
  const when = at('2026-06-01T08:00:00Z')
  const delays = Array.from({ length: 200 }, (_, n) => jitterOf('digest', `tenant ${n}`, when, 60_000))
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...delays)).toBeLessThanOrEqual(60_000)
  expect(new Set(delays).size).toBeGreaterThan(190)
  expect(jitterOf('digest', 'tenant 7', when, 60_000)).toBe(delays[7])
  expect(jitterOf('digest', 'tenant 7', when, 0)).toBe(0)
  const id = occurrenceId('digest', 'a', when)
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(occurrenceId('digest', 'a', when)).toBe(id)
  expect(occurrenceId('digest', 'b', when)).not.toBe(id)
})
