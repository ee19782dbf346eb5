import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { streamed, type Stream } from './stream.ts'

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) yield number
}

const plain = (more: Partial<Stream<number, string>> = {}): Stream<number, string> => ({
  size: 4,
  attempt: async (item) => ({ entry: `done ${item}`, isFailed: false }),
  skip: (item) => `skipped ${item}`,
  listsRest: false,
  ...more,
})

test('a hundred thousand items pass with a few in work, and none is held before its turn', async () => {
  let [taken, given, most, running, mostRunning] = [0, 0, 0, 0, 0]
  async function* items(): AsyncGenerator<number> {
    for (; taken < 100_000; taken++) {
      most = Math.max(most, taken - given)
      yield taken
    }
  }
  const stream = plain({
    async attempt(item) {
      mostRunning = Math.max(mostRunning, (running += 1))
      await Promise.resolve()
      running -= 1
      return { entry: `done ${item}`, isFailed: false }
    },
  })
  for await (const entry of streamed(items(), stream)) {
    if (given === 0) expect(entry).toMatch(/^done/)
    given += 1
  }
  expect(given).toBe(100_000)
  expect(mostRunning).toBeLessThanOrEqual(4)
  expect(most).toBeLessThanOrEqual(8)
})

test('an entry comes when its item has ended, not when those before it have', async () => {
  const seen: string[] = []
  const gate = Promise.withResolvers<void>()
  const stream = plain({
    async attempt(item) {
      if (item === 0) await gate.promise
      return { entry: `done ${item}`, isFailed: false }
    },
  })
  for await (const entry of streamed(numbers(6), stream)) {
    seen.push(entry)
    if (seen.length === 5) gate.resolve()
  }
  expect(seen).toEqual(['done 1', 'done 2', 'done 3', 'done 4', 'done 5', 'done 0'])
})

test('while nothing is read no further item begins, and a reader that leaves waits for what was begun', async () => {
  let begun = 0
  let ended = 0
  const stream = plain({
    size: 2,
    async attempt(item) {
      begun += 1
      await sleep(1)
      ended += 1
      return { entry: `done ${item}`, isFailed: false }
    },
  })
  for await (const _ of streamed(numbers(100), stream)) {
    await sleep(20)
    expect(begun).toBeLessThanOrEqual(2)
    break
  }
  expect(ended).toBe(begun)
})

test('an item that comes back is tried again, and one that was not at fault does not count as tried', async () => {
  const tried: string[] = []
  const stream = plain({
    async attempt(item, tries) {
      tried.push(`${item} ${tries}`)
      if (tried.length === 1) return { again: { afterMs: 1, isTry: false } }
      return tries < 2 ? { again: { afterMs: 1, isTry: true } } : { entry: `done ${item}`, isFailed: false }
    },
  })
  expect(await Array.fromAsync(streamed([7], stream))).toEqual(['done 7'])
  expect(tried).toEqual(['7 0', '7 0', '7 1', '7 2'])
})

test.each([
  [{ maxFailures: 2 }, false, ['failed 0', 'failed 1']],
  [{ maxFailures: 2 }, true, ['failed 0', 'failed 1', 'skipped 2', 'skipped 3']],
  [{ deadline: 0 }, true, ['skipped 0', 'skipped 1', 'skipped 2', 'skipped 3']],
  [{ signal: AbortSignal.abort() }, true, ['skipped 0', 'skipped 1', 'skipped 2', 'skipped 3']],
])('with %j and listsRest %s the entries are %j', async (limits, listsRest, expected) => {
  const stream = plain({
    size: 1,
    ...limits,
    listsRest,
    attempt: async (item) => ({ entry: `failed ${item}`, isFailed: true }),
  })
  expect(await Array.fromAsync(streamed(numbers(4), stream))).toEqual(expected)
})

test('an abort wakes a reader that waits for an item to be tried again, which is then skipped', async () => {
  const abort = new AbortController()
  const stream = plain({
    signal: abort.signal,
    async attempt() {
      setImmediate(() => abort.abort())
      return { again: { afterMs: 3_600_000, isTry: true } }
    },
  })
  expect(await Array.fromAsync(streamed([1], stream))).toEqual(['skipped 1'])
})

test('an error of the source ends the reading with this error, after what was begun', async () => {
  let ended = false
  const stream = plain({
    async attempt(item) {
      await sleep(5)
      ended = true
      return { entry: `done ${item}`, isFailed: false }
    },
  })
  await expect(Array.fromAsync(streamed(broken(), stream))).rejects.toThrow('no more pages')
  expect(ended).toBe(true)
})

async function* broken(): AsyncGenerator<number> {
  yield 1
  throw new Error('no more pages')
}
