/** What belongs to a job runs in its scope: listeners, signals, later attempts, jobs below it. Each test shows what happens without the adapter. */
import type { Job } from 'bullmq'
import { beforeAll, describe, expect, test } from 'vitest'
import { tenancyErrorOf } from '../../../src/index.ts'
import { tenantFlows, tenantWorker } from '../../../src/queue/bullmq/bullmq.ts'
import { hasRedis, withoutRedis } from '../../support/servers/redis.ts'
import { secret, startParts, until, type Parts } from './parts.ts'

const progressOrFail = async (job: Job): Promise<void> => {
  await job.updateProgress(1)
  if (job.name === 'fail') throw new Error('no')
}

describe.skipIf(!hasRedis())(`BullMQ: the scope of a job (${withoutRedis} if skipped)`, () => {
  let parts: Parts
  beforeAll(async () => {
    parts = await startParts('acme', 'globex')
  })
  const here = (): string => parts.tenancy.tryCurrent()?.schema ?? parts.tenancy.scope()?.kind ?? 'none'
  const inEach = async (fn: (schema: string) => Promise<unknown>): Promise<void> => {
    for (const schema of ['acme', 'globex']) await parts.tenancy.run(schema, () => fn(schema))
  }

  test('listeners of a job run in its scope, and those of the worker in none', async () => {
    const { mine } = parts.queues()
    const heard: string[] = []
    const listen = (event: string) => (job: Job) => void heard.push(`${event} ${job.data.of} in ${here()}`)
    await inEach(async (schema) => {
      await mine.add('work', { of: schema })
      await mine.add('fail', { of: schema })
    })
    await parts.tenancy.runShared(() => mine.add('work', { of: 'shared' }))
    const worker = parts.work(mine, progressOrFail, {
      prepare: (made) => {
        for (const event of ['active', 'progress', 'completed', 'failed'] as const) made.on(event, listen(event) as never)
        made.on('drained', () => heard.push(`drained in ${here()}`))
      },
    })
    await until(() => heard.some((line) => line.startsWith('drained')))
    await worker.close()
    expect(heard.filter((line) => !line.startsWith('drained')).toSorted()).toEqual([
      'active acme in none',
      'active acme in none',
      'active globex in none',
      'active globex in none',
      'active shared in none',
      'completed acme in acme',
      'completed globex in globex',
      'completed shared in shared',
      'failed acme in acme',
      'failed globex in globex',
      'progress acme in acme',
      'progress acme in acme',
      'progress globex in globex',
      'progress globex in globex',
      'progress shared in shared',
    ])
    expect(heard).toContain('drained in none')
  })

  test('a worker that is made in a scope is refused; without the adapter it does the jobs of every tenant there', async () => {
    const { plain, mine } = parts.queues()
    const seen: string[] = []
    const processor = async (job: Job): Promise<unknown> => seen.push(`${job.data.data.of} in ${here()}`)
    await inEach((schema) => mine.add('work', { of: schema }))
    await parts.tenancy.run('acme', async () => {
      const naive = parts.plainWorker(plain, processor)
      await until(() => seen.length === 2)
      await naive.close()
    })
    expect(seen.toSorted()).toEqual(['acme in acme', 'globex in acme'])
    await inEach((schema) => mine.add('work', { of: schema }))
    await parts.tenancy.run('acme', async () => {
      const worker = parts.plainWorker(plain, processor)
      expect(() => tenantWorker(parts.tenancy, worker, { secret })).toThrow('is called in a scope')
      // It has stopped, and no job was done by it.
      await worker.close(true)
    })
    expect(seen).toHaveLength(2)
  })

  /** The scopes in which the listener of the signal of a job of acme runs, when a request of globex cancels it. */
  const cancelled = async (naively: boolean): Promise<string[]> => {
    const { mine } = parts.queues()
    const heard: string[] = []
    let running: Job | undefined
    const processor = async (job: Job, _token?: string, signal?: AbortSignal): Promise<void> => {
      await new Promise((_resolve, reject) => {
        signal!.addEventListener('abort', () => {
          heard.push(here())
          reject(signal!.reason instanceof Error ? signal!.reason : new Error('cancelled'))
        })
        running = job
      })
    }
    const make = naively ? parts.plainWorker : parts.work
    const worker = make(mine, processor)
    await parts.tenancy.run('acme', () => mine.add('work', {}))
    await until(() => running !== undefined)
    await parts.tenancy.run('globex', async () => worker.cancelJob(running!.id!))
    await until(() => heard.length === 1)
    await worker.close()
    return heard
  }

  test('listeners of the signal run in the scope of the job, wherever it is cancelled', async () => {
    expect(await cancelled(true)).toEqual(['globex'])
    expect(await cancelled(false)).toEqual(['acme'])
  })

  test('a strategy of backoff is asked in the scope of the job', async () => {
    const { plain, mine } = parts.queues()
    const asked: string[] = []
    const settings = { backoffStrategy: () => asked.push(here()) }
    const worker = parts.work(mine, () => Promise.reject(new Error('no')), { settings })
    await inEach(() => mine.add('fail', {}, { attempts: 2, backoff: { type: 'own' } }))
    await until(async () => (await plain.getFailedCount()) === 2)
    await worker.close()
    expect(asked.toSorted()).toEqual(['acme', 'globex'])
  })

  test('what a job replaces its data with is stamped, so that its next attempt is its own', async () => {
    const { plain, mine } = parts.queues()
    const seen: string[] = []
    const worker = parts.work(mine, async (job) => {
      seen.push(`${job.data.step} in ${here()}`)
      if (job.data.step === 2) return
      await job.updateData({ step: 2 })
      expect(job.data).toEqual({ step: 2 })
      throw new Error('later')
    })
    await inEach(() => mine.add('steps', { step: 1 }, { attempts: 2 }))
    await until(async () => (await plain.getCompletedCount()) === 2)
    await worker.close()
    expect(seen.toSorted()).toEqual(['1 in acme', '1 in globex', '2 in acme', '2 in globex'])
  })

  test('jobs in bulk, flows and jobs that jobs add belong to the scope, with its ids', async () => {
    const { plain, mine } = parts.queues()
    const producer = parts.flows()
    const flows = tenantFlows(parts.tenancy, producer, { secret })
    const seen: string[] = []
    const worker = parts.work(mine, async (job) => {
      seen.push(`${job.name} ${job.data.of} in ${here()}`)
      if (job.name === 'nest') await mine.addBulk([{ name: 'nested', data: job.data }])
      if (job.name === 'parent') return Object.values(await job.getChildrenValues())
      return job.data.of
    })
    await inEach(async (of) => {
      await mine.addBulk(['one', 'nest'].map((name) => ({ name, data: { of }, opts: { jobId: name } })))
      const child = { name: 'child', queueName: mine.name, data: { of }, opts: { jobId: 'child' } }
      await flows.add({ name: 'parent', queueName: mine.name, data: { of }, opts: { jobId: 'parent' }, children: [child] })
      await flows.addBulk([{ name: 'flow', queueName: mine.name, data: { of }, opts: { delay: 1 } }])
    })
    await until(async () => (await plain.getCompletedCount()) === 12)
    await worker.close()
    const names = ['child', 'flow', 'nest', 'nested', 'one', 'parent']
    expect(seen.toSorted()).toEqual(names.flatMap((name) => [`${name} acme in acme`, `${name} globex in globex`]))
    const parents = await Promise.all(
      ['acme', 'globex'].map((schema) => parts.tenancy.run(schema, async () => (await mine.getJob('parent'))!.returnvalue)),
    )
    expect(parents).toEqual([['acme'], ['globex']])
  })

  test('the same id in two tenants is two jobs, and neither finds that of the other; BullMQ alone drops the second', async () => {
    const { plain, mine } = parts.queues()
    await parts.tenancy.run('acme', () => plain.add('naive', { of: 'acme' }, { jobId: 'daily' }))
    const dropped = await parts.tenancy.run('globex', () => plain.add('naive', { of: 'globex' }, { jobId: 'daily' }))
    expect((await plain.getJob(dropped.id!))!.data).toEqual({ of: 'acme' })
    await inEach((of) => mine.add('daily', { of }, { jobId: 'daily', deduplication: { id: 'daily' } }))
    await inEach(async (of) => {
      expect((await mine.getJob('daily'))!.data).toEqual({ of })
      expect(await mine.getJob('other')).toBeUndefined()
    })
    const ofAcme = await parts.tenancy.run('acme', () => mine.getJob('daily'))
    await parts.tenancy.run('globex', async () => {
      expect(await mine.getJob(ofAcme!.id!)).toBeUndefined()
      await expect(
        mine.add('below', {}, { parent: { id: ofAcme!.id!, queue: ofAcme!.queueQualifiedName } }),
      ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { option: 'parent' } })
    })
  })

  test('a job scheduler makes jobs of its tenant, until the tenant is gone', async () => {
    const { plain, mine } = parts.queues()
    const seen: string[] = []
    await parts.tenancy.tenants.create({ schema: 'leaving' })
    for (const schema of ['acme', 'leaving'])
      await parts.tenancy.run(schema, () =>
        mine.upsertJobScheduler('often', { every: 20 }, { name: 'often', data: { of: schema }, opts: { attempts: 3 } }),
      )
    const worker = parts.work(mine, async (job) => seen.push(`${job.data.of} in ${here()}`))
    await until(() => new Set(seen).size === 2)
    await parts.tenancy.tenants.delete('leaving', { confirm: 'leaving' })
    await until(async () => (await plain.getJobSchedulersCount()) === 1)
    await parts.tenancy.run('acme', async () => expect(await mine.removeJobScheduler('often')).toBe(true))
    await worker.close()
    expect(new Set(seen)).toEqual(new Set(['acme in acme', 'leaving in leaving']))
    expect((await plain.getFailed()).every((job) => job.attemptsMade === 1)).toBe(true)
  })

  test('a refused job fails at once, whatever its attempts, and its listeners run in no scope', async () => {
    const { plain, mine } = parts.queues()
    const heard: unknown[] = []
    await plain.add('forged', { partywall: {}, data: {} }, { attempts: 9 })
    const worker = parts.work(mine, () => Promise.reject(new Error('never')), {
      prepare: (made) => made.on('failed', (job, error) => heard.push([here(), job!.attemptsMade, tenancyErrorOf(error)])),
    })
    await until(() => heard.length === 1)
    await worker.close()
    expect(heard).toEqual([
      ['none', 1, expect.objectContaining({ code: 'JOB_REFUSED', details: expect.objectContaining({ reason: 'unstamped' }) })],
    ])
  })

  test('the data of a job are those of the call, whatever the caller does with them afterwards', async () => {
    const { mine } = parts.queues()
    await parts.tenancy.run('acme', async () => {
      const data = { text: 'first' }
      const first = mine.add('work', data)
      data.text = 'second'
      await Promise.all([first, mine.add('work', data)])
    })
    const worked: string[] = []
    const worker = parts.work(mine, async (job) => worked.push(job.data.text))
    await until(() => worked.length === 2)
    await worker.close()
    expect(worked.toSorted()).toEqual(['first', 'second'])
  })
})
