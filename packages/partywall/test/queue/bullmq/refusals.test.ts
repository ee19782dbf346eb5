/** What the adapters of BullMQ refuse, and how they say so. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'bullmq'
import { beforeAll, describe, expect, test } from 'vitest'
import { tenantFlows, tenantQueue, tenantWorker } from '../../../src/queue/bullmq/bullmq.ts'
import { hasRedis, withoutRedis } from '../../support/servers/redis.ts'
import { secret, startParts, type Parts } from './parts.ts'

const invalid = (fn: () => unknown, text: string): void =>
  expect(fn).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(text) }))

describe.skipIf(!hasRedis())(`BullMQ: refusals (${withoutRedis} if skipped)`, () => {
  let parts: Parts
  beforeAll(async () => {
    parts = await startParts('acme')
  })
  const inAcme = <T>(fn: () => T): Promise<Awaited<T>> => parts.tenancy.run('acme', fn)

  test.each([
    ['a colon', 'a:b'],
    ['a way out of its place', '../:other'],
    ['NUL', 'a\0b'],
    ['no text', ''],
    ['a huge text', 'x'.repeat(100_000)],
    ['a number', 7],
    ['null', null],
    ['an object', { toString: () => 'a' }],
  ])('an id with %s', async (_what, jobId) => {
    const { plain, mine } = parts.queues()
    const refused = { code: 'INVALID_ARGUMENT', details: { option: 'jobId' } }
    await expect(inAcme(() => mine.add('work', {}, { jobId: jobId as string }))).rejects.toMatchObject(refused)
    await expect(
      inAcme(() => mine.addBulk([{ name: 'work', data: {}, opts: { jobId: jobId as string } }])),
    ).rejects.toMatchObject(refused)
    await expect(
      inAcme(() => mine.upsertJobScheduler(jobId as string, { every: 1000 }, { name: 'work', data: {} })),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await plain.count()).toBe(0)
  })

  test('options that would break turns or stamps, and data that are no JSON', async () => {
    const { plain, mine } = parts.queues()
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    for (const opts of [
      { priority: 1 },
      { lifo: true },
      { deduplication: { id: 'x', keepLastIfActive: true } },
      { deduplication: { id: 'a:b' } },
    ])
      await expect(inAcme(() => mine.add('work', {}, opts))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    for (const data of [circular, { big: 1n }])
      await expect(inAcme(() => mine.add('work', data))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(inAcme(() => mine.addBulk('work' as never))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(mine.jobsOf('acme', { states: ['dead' as never] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(mine.jobsOf('acme', { limit: -1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(mine.schedule('work', { cron: 'often' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await plain.count()).toBe(0)
    // Without turns an order of the application's own is possible.
    const { mine: unfair } = parts.queues({ fair: false })
    expect((await inAcme(() => unfair.add('work', {}, { priority: 7 }))).priority).toBe(7)
  })

  test('a job without a name, with options that are none, or for a queue that cannot be', async () => {
    const { plain, mine } = parts.queues()
    const flows = tenantFlows(parts.tenancy, parts.flows(), { secret })
    const node = { name: 'work', queueName: mine.name }
    const calls: [option: string, call: () => Promise<unknown>][] = [
      ['name', () => mine.add('', {})],
      ['name', () => mine.add(7 as never, {})],
      ['name', () => mine.addBulk([null as never])],
      ['opts', () => mine.add('work', {}, null as never)],
      ['opts', () => mine.addBulk([{ name: 'work', data: {}, opts: 'soon' as never }])],
      ['name', () => mine.upsertJobScheduler('x', { every: 1000 }, undefined as never)],
      ['queueName', () => flows.add(null as never)],
      ['queueName', () => flows.add({ ...node, queueName: 'a:b' })],
      ['queueName', () => flows.addBulk([{ ...node, children: [{ name: 'work', queueName: '' }] }])],
      ['name', () => flows.add({ ...node, children: [{ ...node, name: undefined as never }] })],
    ]
    for (const [option, call] of calls)
      await expect(inAcme(call)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { what: 'a job', option } })
    expect(await plain.count()).toBe(0)
  })

  test('everything outside of every scope', async () => {
    const { plain, mine } = parts.queues()
    const flows = tenantFlows(parts.tenancy, parts.flows(), { secret })
    const calls = [
      mine.add('work', {}),
      mine.addBulk([]),
      mine.getJob('x'),
      mine.upsertJobScheduler('x', { every: 1000 }, { name: 'work', data: {} }),
      mine.removeJobScheduler('x'),
      flows.add({ name: 'work', queueName: mine.name }),
      flows.addBulk([]),
    ]
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'NO_TENANT' })
    expect(await plain.count()).toBe(0)
  })

  test('what is no tenancy, no object of BullMQ, no secret, no option', async () => {
    const { tenancy, connection } = parts
    const { plain } = parts.queues()
    invalid(() => tenantQueue({} as never, plain, { secret }), 'takes a tenancy first')
    invalid(
      () => tenantQueue(tenancy, {} as never, { secret }),
      'tenantQueue takes a Queue of BullMQ as its second argument; it got an object',
    )
    invalid(() => tenantFlows(tenancy, null as never, { secret }), 'a FlowProducer of BullMQ')
    invalid(() => tenantWorker(tenancy, undefined as never, { secret }), 'a Worker of BullMQ')
    invalid(() => tenantQueue(tenancy, plain, { secret: 'short' }), 'at least 32 random characters')
    invalid(() => tenantQueue(tenancy, plain, { secret, fare: true } as never), 'Did you mean "fair"')
    const old = { addBulk() {}, upsertJobScheduler() {}, getRanges() {} }
    invalid(() => tenantQueue(tenancy, old as never, { secret }), 'has no "getBackend"')
    const elsewhere = { ...old, getBackend: () => ({ toKey() {} }) }
    invalid(() => tenantQueue(tenancy, elsewhere as never, { secret }), 'needs a queue in Redis')
    const worker = new Worker(plain.name, async () => {}, { connection })
    invalid(() => tenantWorker(tenancy, worker, { secret, laterMs: 0 }), '"laterMs" of tenantWorker')
    await worker.close(true)
  })

  test('a worker that was wrapped before, and a processor in a file; the latter does no job', async () => {
    const { tenancy, connection } = parts
    const { plain, mine } = parts.queues()
    const worker = parts.work(plain, async () => {})
    expect(() => tenantWorker(tenancy, worker, { secret })).toThrow('has wrapped this worker already')
    await worker.close()
    await inAcme(() => mine.add('work', {}))
    const file = join(await mkdtemp(join(tmpdir(), 'partywall-processor-')), 'processor.cjs')
    await writeFile(file, 'module.exports = async () => {}')
    const sandboxed = new Worker(plain.name, file, { connection })
    expect(() => tenantWorker(tenancy, sandboxed, { secret })).toThrow('refuses a processor in a file')
    await sandboxed.close(true)
    expect(await plain.getCompletedCount()).toBe(0)
  })

  test('a job with another secret; while a secret is replaced, both work', async () => {
    const { plain, mine } = parts.queues()
    const { tenancy } = parts
    const newer = tenantQueue(tenancy, plain, { secrets: ['a newer secret of the jobs in these tests', secret] })
    await inAcme(() => mine.add('older', {}))
    await inAcme(() => newer.add('newer', {}))
    const done: string[] = []
    const seen = (name: string): Promise<unknown> => new Promise((resolve) => setImmediate(() => resolve(done.push(name))))
    const worker = parts.work(plain, (job) => seen(job.name))
    await expect.poll(() => plain.getFailedCount()).toBe(1)
    await worker.close()
    expect(done).toEqual(['older'])
    const [failed] = await plain.getFailed()
    expect(failed!.failedReason).toContain('made with another secret')
  })
})
