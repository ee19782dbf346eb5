import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { work } from './schedule.ts'
import { inParallel } from './workers.ts'

const noSkip = (): never => {
  throw new Error('was skipped')
}

test('an idle worker takes an item that comes back as soon as it is due, and waits for nothing else', async () => {
  const order: string[] = []
  await work(['a', 'b'], {
    size: 2,
    async attempt(item, tries) {
      order.push(`${item} ${tries}`)
      if (item === 'a' && tries < 2) return { retry: item, afterMs: 0 }
      await sleep(0)
      return { end: 'done' }
    },
    skip: noSkip,
  })
  expect(order.toSorted()).toEqual(['a 0', 'a 1', 'a 2', 'b 0'])
})

test('workers that are out of items set no timer, so that short work ends at once', async () => {
  const timers = vi.spyOn(globalThis, 'setTimeout')
  await inParallel([1, 2, 3, 4, 5], 4, async () => {
    await Promise.resolve()
  })
  await work([1, 2, 3], { size: 3, attempt: async () => ({ end: 'done' }), skip: noSkip })
  expect(timers).not.toHaveBeenCalled()
  timers.mockRestore()
})

test('an abort wakes workers that wait for a delayed item, which is then skipped', async () => {
  const abort = new AbortController()
  const skipped: number[] = []
  await work([1, 2], {
    size: 2,
    signal: abort.signal,
    async attempt(item) {
      if (item === 2) setImmediate(() => abort.abort())
      return item === 1 ? { retry: item, afterMs: 3_600_000 } : { end: 'done' }
    },
    skip: (item) => void skipped.push(item),
  })
  expect(skipped).toEqual([1])
})

test('a deadline wakes workers that wait for a delayed item', async () => {
  const skipped: number[] = []
  await work([1], {
    size: 2,
    deadline: performance.now() + 20,
    attempt: async (item) => ({ retry: item, afterMs: 3_600_000 }),
    skip: (item) => void skipped.push(item),
  })
  expect(skipped).toEqual([1])
})

test('inParallel starts no item after a failure, and rejects with the first one when the running items have ended', async () => {
  const ended: number[] = []
  const work1 = inParallel([1, 2, 3, 4], 2, async (item) => {
    if (item === 1) throw new Error('first')
    await sleep(1)
    ended.push(item)
  })
  await expect(work1).rejects.toThrow('first')
  expect(ended).toEqual([2])
})
