/** `tenancy.each` and what it has in common with `forEach`: limits, retries, progress. */
import { createTenancy, type FleetProgress, type ForEachOptions } from 'partywall'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({ database: url, migrations: { tenant: false, shared: false } })
afterAll(() => tenancy.close())
const schemas = ['a', 'b', 'c', 'd']
beforeAll(async () => {
  for (const schema of schemas) await tenancy.tenants.create({ schema })
  await tenancy.tenants.suspend('d')
})

const outcomes = async (fn: Parameters<typeof tenancy.each>[0], options?: ForEachOptions): Promise<string[]> =>
  (await Array.fromAsync(tenancy.each(fn, options))).map(({ target, state }) => `${target} ${state}`).toSorted()

test('each gives an entry for each selected tenant, in its scope, with its value', async () => {
  const entries = await Array.fromAsync(tenancy.each(() => tenancy.current().schema))
  expect(entries.map(({ value, target }) => [target, value]).toSorted()).toEqual([
    ['a', 'a'],
    ['b', 'b'],
    ['c', 'c'],
  ])
  expect(await outcomes(() => {}, { tenants: ['d', 'a'] })).toEqual(['a done', 'd done'])
  expect(await outcomes(() => {}, { status: 'suspended' })).toEqual(['d done'])
})

test('a tenant that is dropped before its turn is refused, and the others are done', async () => {
  await tenancy.tenants.create({ schema: 'gone' })
  let isDropped = false
  const entries = tenancy.each(
    async () => {
      if (isDropped) return
      isDropped = true
      await tenancy.tenants.delete('gone', { confirm: 'gone' })
    },
    { tenants: ['a', 'gone', 'b'], concurrency: 1 },
  )
  const all = await Array.fromAsync(entries)
  expect(all.map(({ target, state }) => `${target} ${state}`)).toEqual(['a done', 'gone failed', 'b done'])
  expect(all[1]!.error).toMatchObject({ code: 'UNKNOWN_TENANT' })
})

test('forEach stops after maxFailures, tries again with retries, and says how often it tried', async () => {
  const stopped = await tenancy.forEach(fail, { concurrency: 1, maxFailures: 2 })
  expect(stopped.entries.map(({ state }) => state)).toEqual(['failed', 'failed', 'skipped'])
  const attempts: number[] = []
  const flaky = await tenancy.forEach(
    (_, { attempt }) => {
      attempts.push(attempt)
      if (attempt < 3) throw new Error('not yet')
      return attempt
    },
    { tenants: 'a', retries: 2, retryDelayMs: 1 },
  )
  expect(attempts).toEqual([1, 2, 3])
  expect(flaky.entries).toMatchObject([{ state: 'done', value: 3, attempts: 3 }])
  const failed = await tenancy.forEach(fail, { tenants: 'a', retries: 1, retryDelayMs: 1 })
  expect(failed.entries).toMatchObject([{ state: 'failed', attempts: 2 }])
})

test('a time limit, or an abort, starts no further tenant, and tells the one that runs', async () => {
  const abort = new AbortController()
  const limited = await tenancy.forEach((_, { signal }) => waitFor(signal), { concurrency: 1, timeLimitMs: 20 })
  expect(limited.entries.map(({ state }) => state)).toEqual(['done', 'skipped', 'skipped'])
  const aborted = await tenancy.forEach(
    (_, { signal }) => {
      const ending = waitFor(signal)
      abort.abort()
      return ending
    },
    { concurrency: 1, signal: abort.signal },
  )
  expect(aborted.entries.map(({ state }) => state)).toEqual(['done', 'skipped', 'skipped'])
})

test('onProgress is told after each tenant; what it throws becomes a warning', async () => {
  const seen: FleetProgress[] = []
  const onProgress = (progress: FleetProgress): void => void seen.push(progress)
  await Array.fromAsync(
    tenancy.each(
      ({ schema }) => {
        if (schema === 'b') throw new Error('mine')
      },
      { onProgress, concurrency: 1 },
    ),
  )
  expect(seen.map(({ done, failed, total }) => [done + failed, total])).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ])
  expect(seen.at(-1)).toMatchObject({ done: 2, failed: 1, skipped: 0 })
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const report = await tenancy.forEach(() => {}, {
    onProgress: () => {
      throw new Error('loud')
    },
  })
  expect(report.ok).toBe(true)
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('loud'), { code: 'PARTYWALL_LISTENER' })
  warn.mockRestore()
})

test.each([
  [{ maxFailures: 0 }],
  [{ retries: -1 }],
  [{ retries: 101 }],
  [{ retryDelayMs: 0 }],
  [{ timeLimitMs: 1.5 }],
  [{ signal: {} }],
  [{ onProgress: 'log' }],
  [{ resume: '' }],
  [{ resume: 'x'.repeat(201) }],
  [{ resume: 'a\0b' }],
  [{ resume: { key: 'a', leaseMs: 10 } }],
  [{ resume: { keys: 'a' } }],
  [{ resume: 7 }],
])('%j is refused, and no tenant is entered', async (options) => {
  let calls = 0
  const refused = { code: 'INVALID_ARGUMENT' }
  await expect(tenancy.forEach(() => void calls++, options as never)).rejects.toMatchObject(refused)
  await expect(Array.fromAsync(tenancy.each(() => void calls++, options as never))).rejects.toMatchObject(refused)
  expect(calls).toBe(0)
})

function fail(): never {
  throw new Error('mine')
}

function waitFor(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
}
