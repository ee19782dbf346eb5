import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { concurrencyFor, defaultConcurrency } from './concurrency.ts'

test.each([
  { cores: 2, roundTripMs: 0.1, expected: 4 },
  { cores: 2, roundTripMs: 1, expected: 6 },
  { cores: 1, roundTripMs: 5, expected: 7 },
  { cores: 1, roundTripMs: 80, expected: 16 },
  { cores: 64, roundTripMs: 0.1, expected: 16 },
])('concurrencyFor gives $expected for $cores cores and a round trip of $roundTripMs ms', ({ cores, roundTripMs, expected }) => {
  expect(concurrencyFor(cores, roundTripMs)).toBe(expected)
})

test.each([
  { room: 100, delay: 20, most: 16 },
  { room: 7, delay: 20, most: 3 },
  { room: 1, delay: 0, most: 1 },
  { room: -2, delay: 0, most: 1 },
])(
  'defaultConcurrency gives $most for a server with $room free connections and a round trip of $delay ms',
  async ({ room, delay, most }) => {
    const query = async (): Promise<any> => {
      await sleep(delay)
      return { rows: [{ room }] }
    }
    expect(await defaultConcurrency({ query })).toBe(most)
  },
)

test.each([
  { locks: 0, most: 16 },
  { locks: 700, most: 4 },
  { locks: 5000, most: 1 },
])('defaultConcurrency gives $most when a schema takes $locks of 6400 locks', async ({ locks, most }) => {
  expect(await defaultConcurrency({ query: distant }, locks)).toBe(most)
})

test('defaultConcurrency depends on the cores of this machine when the server is close', async () => {
  const answer = Promise.resolve<any>({ rows: [{ room: 1000 }] })
  expect(await defaultConcurrency({ query: () => answer })).toBe(Math.min(16, 2 * availableParallelism()))
})

/** A server with a long round trip and room for 6400 locks. */
async function distant(): Promise<any> {
  await sleep(20)
  return { rows: [{ room: 100, locks: 6400 }] }
}
