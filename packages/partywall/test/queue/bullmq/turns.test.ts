/** The backlog of one tenant does not keep the others waiting. `npm run bench -- job-turns` does the same with 100,000 jobs. */
import type { Job } from 'bullmq'
import { createClient } from 'redis'
import { beforeAll, describe, expect, test } from 'vitest'
import { hasRedis, withoutRedis } from '../../support/servers/redis.ts'
import { startParts, until, type Parts } from './parts.ts'

const lastOf = (order: readonly string[], of: string): number => order.findLastIndex((line) => line.startsWith(of))
const ofOne = (order: readonly string[], of: string): string[] => order.filter((line) => line.startsWith(of))

describe.skipIf(!hasRedis())(`BullMQ: turns of tenants (${withoutRedis} if skipped)`, () => {
  let parts: Parts
  beforeAll(async () => {
    parts = await startParts('acme', 'globex', 'initech')
  })
  const backlog = 80
  const many = (of: string, opts = {}) =>
    Array.from({ length: backlog }, (_, number) => ({ name: 'work', data: { of, number }, opts }))
  const addMany = (queue: ReturnType<Parts['queues']>['mine'], of: string, opts = {}) =>
    parts.tenancy.run(of, () => queue.addBulk(many(of, opts)))
  const addFew = async (queue: ReturnType<Parts['queues']>['mine'], of: string, count = 3): Promise<void> => {
    for (let number = 0; number < count; number++) await parts.tenancy.run(of, () => queue.add('work', { of, number }))
  }
  /** In which order one worker does them. */
  const orderOf = async (queue: ReturnType<Parts['queues']>, count: number, fair = true): Promise<string[]> => {
    const order: string[] = []
    const worker = parts.work(queue.plain, async (job: Job) => order.push(`${job.data.of} ${job.data.number}`), { fair })
    await until(() => order.length === count)
    await worker.close()
    return order
  }

  test('tenants that come later are served beside the backlog; first in, first out keeps them waiting for all of it', async () => {
    const naive = parts.queues({ fair: false })
    const fair = parts.queues()
    for (const { mine } of [naive, fair]) {
      await addMany(mine, 'acme')
      await addFew(mine, 'globex')
      await addFew(mine, 'initech', 1)
    }
    const order = await orderOf(fair, backlog + 4)
    expect(lastOf(await orderOf(naive, backlog + 4, false), 'initech')).toBe(backlog + 3)
    expect(lastOf(order, 'globex')).toBeLessThan(10)
    expect(lastOf(order, 'initech')).toBeLessThan(5)
    expect(ofOne(order, 'acme')).toEqual(many('acme').map(({ data }) => `acme ${data.number}`))
  })

  test('a tenant that comes in the middle of the backlog does not keep the backlog waiting either', async () => {
    const queue = parts.queues()
    await addMany(queue.mine, 'acme')
    const order: string[] = []
    const worker = parts.work(queue.plain, async (job: Job) => {
      order.push(`${job.data.of} ${job.data.number}`)
      // One job after the other, as a tenant that has always one waiting.
      if (job.data.of === 'acme' && job.data.number === 50) await addFew(queue.mine, 'globex', 1)
      if (job.data.of === 'globex' && job.data.number < 20)
        await queue.mine.add('work', { of: 'globex', number: job.data.number + 1 })
    })
    await until(() => order.length === backlog + 21)
    await worker.close()
    const from = order.indexOf('globex 0')
    expect(from).toBeLessThan(54)
    // They alternate.
    const both = order.slice(from, from + 30)
    expect(ofOne(both, 'acme').length).toBeGreaterThan(12)
    expect(ofOne(both, 'globex').length).toBeGreaterThan(12)
  })

  test('jobs that were due later, and those that failed before, take their turn when they are due', async () => {
    const later = parts.queues()
    await addMany(later.mine, 'acme', { delay: 1 })
    await addFew(later.mine, 'globex')
    expect(lastOf(await orderOf(later, backlog + 3), 'globex')).toBeLessThan(10)

    const failing = parts.queues()
    await addMany(failing.mine, 'acme', { attempts: 2, backoff: 1 })
    let failures = 0
    const order: string[] = []
    const worker = parts.work(failing.plain, async (job: Job) => {
      if (job.data.of === 'acme' && job.attemptsMade === 0) {
        failures++
        throw new Error('the first attempt fails')
      }
      order.push(job.data.of)
    })
    await until(() => failures === backlog)
    await addFew(failing.mine, 'globex')
    await until(() => order.filter((of) => of === 'globex').length === 3)
    const before = order.indexOf('globex')
    await until(() => order.length === backlog + 3)
    await worker.close()
    // Some of them were done again before the last one failed; none waits for the rest of them.
    expect(order.lastIndexOf('globex') - before).toBeLessThan(10)
  })

  test('they are the same with the other client of Redis', async () => {
    const client = createClient({ url: parts.redis.url })
    await client.connect()
    const queue = parts.queues({}, client)
    await addMany(queue.mine, 'acme')
    await addFew(queue.mine, 'globex')
    await addMany(queue.mine, 'initech', { delay: 1 })
    expect(lastOf(await orderOf(queue, 2 * backlog + 3), 'globex')).toBeLessThan(15)
    await queue.plain.close()
    await client.close()
  })

  test('the numbers begin again when the queue was empty, and a queue whose numbers were lost goes on', async () => {
    const queue = parts.queues()
    const turnsOf = async (): Promise<number[]> => (await queue.plain.getPrioritized(0, -1)).map(({ priority }) => priority)
    await addMany(queue.mine, 'acme')
    await orderOf(queue, backlog)
    await addFew(queue.mine, 'acme', 2)
    expect((await turnsOf()).toSorted()).toEqual([2, 3])
    const client = await queue.plain.getBackend().client
    await client.del(queue.plain.toKey('partywall-turns'))
    await addFew(queue.mine, 'acme', 1)
    await addFew(queue.mine, 'globex', 1)
    expect((await turnsOf()).toSorted()).toEqual([2, 2, 2, 3])
  })

  test('BullMQ has no more numbers than it has: the last ones are served in the order in which they came', async () => {
    const queue = parts.queues()
    await addFew(queue.mine, 'acme', 1)
    const client = await queue.plain.getBackend().client
    const [job] = await queue.plain.getPrioritized(0, 0)
    await job!.changePriority({ priority: 2 ** 21 - 1 })
    await addFew(queue.mine, 'globex', 2)
    expect((await queue.plain.getPrioritized(0, -1)).map(({ priority }) => priority)).toEqual([
      2 ** 21 - 1,
      2 ** 21 - 1,
      2 ** 21 - 1,
    ])
    expect(await client.zscore(queue.plain.toKey('partywall-turns'), '')).toBe(String(2 ** 21 - 1))
    expect(await orderOf(queue, 3)).toEqual(['acme 0', 'globex 0', 'globex 1'])
  })
})
