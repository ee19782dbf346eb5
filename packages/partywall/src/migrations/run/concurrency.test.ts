import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { concurrencyFor, defaultConcurrency } from './concurrency.ts'

test.each([
  { cores: 2, roundTripMs: 0.1, wanted: 4 },
  { cores: 2, roundTripMs: 1, wanted: 6 },
  { cores: 1, roundTripMs: 5, wanted: 7 },
  { cores: 1, roundTripMs: 80, wanted: 16 },
  { cores: 64, roundTripMs: 0.1, wanted: 16 },
])('$cores cores and $roundTripMs ms to the server: $wanted', ({ cores, roundTripMs, wanted }) => {
  expect(concurrencyFor(cores, roundTripMs)).toBe(wanted)
})

test.each([
  { room: 100, delay: 20, most: 16 },
  { room: 7, delay: 20, most: 3 },
  { room: 1, delay: 0, most: 1 },
  { room: -2, delay: 0, most: 1 },
])('a server with room for $room, $delay ms away: $most', async ({ room, delay, most }) => {
  const query = async (): Promise<any> => {
    await sleep(delay)
    return { rows: [{ room }] }
  }
  expect(await defaultConcurrency({ query })).toBe(most)
})

test('close to the server, the cores of this machine say it', async () => {
  const answer = Promise.resolve<any>({ rows: [{ room: 1000 }] })
  expect(await defaultConcurrency({ query: () => answer })).toBe(Math.min(16, 2 * availableParallelism()))
})
