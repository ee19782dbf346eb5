/** Processes and servers that die in the middle: nothing is lost, and nothing crosses to another tenant. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from 'bullmq'
import { Client } from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTenancy } from '../../../src/index.ts'
import { hasRedis, withoutRedis } from '../../support/servers/redis.ts'
import { secret, startParts, until, type Parts } from './parts.ts'

describe.skipIf(!hasRedis())(`BullMQ: faults (${withoutRedis} if skipped)`, () => {
  let parts: Parts
  beforeAll(async () => {
    parts = await startParts('acme', 'globex')
  })

  test('the job of a worker that was killed is done by another one, in its tenant', async () => {
    const { plain, mine } = parts.queues()
    for (const schema of ['globex', 'acme'])
      await parts.tenancy.run(schema, () => mine.add('work', { text: `of ${schema}` }, { attempts: 1 }))
    const program = fileURLToPath(new URL('killed-worker.ts', import.meta.url))
    const child = spawn(
      process.execPath,
      [...process.execArgv, program, parts.url, String(parts.redis.port), mine.name, secret],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect([...(await parts.rowsOf('acme')), ...(await parts.rowsOf('globex'))]).toHaveLength(1)
    const worker = parts.work(plain, async (job) => {
      await parts.tenancy.pool.query('insert into notes (text) values ($1)', [`${job.data.text}, done`])
    })
    await until(async () => (await plain.getCompletedCount()) === 2)
    await worker.close()
    for (const schema of ['acme', 'globex']) {
      const rows = await parts.rowsOf(schema)
      expect(rows.filter((text) => text !== `of ${schema}, begun`)).toEqual([`of ${schema}, done`])
    }
  })

  test('a job that stalled too often tells its listeners in its scope', async () => {
    const { plain, mine } = parts.queues()
    await parts.tenancy.run('acme', () => mine.add('work', {}))
    const client = await plain.getBackend().client
    const [job] = await plain.getPrioritized(0, 0)
    await client.hset(plain.toKey(job!.id!), { defa: 'job stalled more than allowable limit' })
    const heard: string[] = []
    const worker = parts.work(plain, async () => heard.push('worked'), {
      prepare: (made) =>
        made.on('failed', (_job, error) => heard.push(`${error.message} in ${parts.tenancy.tryCurrent()?.schema}`)),
    })
    await until(() => heard.length > 0)
    await worker.close()
    expect(heard).toEqual(['job stalled more than allowable limit in acme'])
  })

  test('Redis restarted under load: every job that was added is done once, in its tenant', async () => {
    const { plain, mine } = parts.queues()
    for (const schema of ['acme', 'globex']) await parts.tenancy.run(schema, () => parts.tenancy.pool.query('truncate notes'))
    const count = 80
    const processor = async (job: Job): Promise<void> => {
      // A job may be done twice, as with any queue: the row of the first time stays.
      await parts.tenancy.pool.query('insert into notes (text, job) values ($1, $2) on conflict do nothing', [
        job.data.text,
        job.id,
      ])
    }
    // A job that Redis had handed out when it died belongs to a worker that does not know it, until its lock is over.
    const options = { concurrency: 4, lockDuration: 500 }
    const workers = [parts.work(plain, processor, options), parts.work(plain, processor, options)]
    let added = 0
    const produce = async (schema: string): Promise<void> => {
      for (let number = 0; number < count; number++) {
        const opts = { jobId: String(number).padStart(4, 'n'), attempts: 5 }
        // Asked again with the same id until Redis has answered.
        while (!(await addedOne(schema, `${schema} ${number}`, opts))) await sleep(5)
        added++
      }
    }
    const addedOne = (schema: string, text: string, opts: object): Promise<boolean> =>
      parts.tenancy.run(schema, () =>
        mine.add('work', { text }, opts).then(
          () => true,
          () => false,
        ),
      )
    const producing = Promise.all(['acme', 'globex'].map(produce))
    for (const at of [40, 100]) {
      await until(() => added >= at)
      await parts.redis.restart()
    }
    await producing
    const expected = (schema: string) => Array.from({ length: count }, (_, number) => `${schema} ${number}`).toSorted()
    await until(async () => (await parts.rowsOf('acme')).length + (await parts.rowsOf('globex')).length === 2 * count)
    await Promise.all(workers.map((worker) => worker.close()))
    for (const schema of ['acme', 'globex']) expect((await parts.rowsOf(schema)).toSorted()).toEqual(expected(schema))
    expect(await plain.getFailedCount()).toBe(0)
  })

  test('connections to PostgreSQL that end in the middle: the jobs are tried again, and none crosses', async () => {
    const { plain, mine } = parts.queues()
    const admin = new Client(parts.url)
    await admin.connect()
    const count = 40
    let done = 0
    const worker = parts.work(
      plain,
      async (job) => {
        await parts.tenancy.pool.query('insert into notes (text, job) values ($1, $2) on conflict do nothing', ['cut', job.id])
        done++
      },
      { concurrency: 4 },
    )
    for (const schema of ['acme', 'globex']) {
      const jobs = Array.from({ length: count }, () => ({ name: 'work', data: {}, opts: { attempts: 50, backoff: 5 } }))
      await parts.tenancy.run(schema, () => mine.addBulk(jobs))
    }
    for (const at of [5, 25, 45]) {
      await until(() => done >= at)
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      )
    }
    await until(async () => (await plain.getCompletedCount()) === 2 * count)
    await worker.close()
    await admin.end()
    for (const schema of ['acme', 'globex']) {
      const { id } = await parts.tenancy.tenants.get(schema)
      const { rows } = await parts.tenancy.run(schema, () =>
        parts.tenancy.pool.query<{ job: string }>(`select job from notes where text = 'cut'`),
      )
      expect(rows).toHaveLength(count)
      expect(rows.every(({ job }) => job.startsWith(`${id}.`))).toBe(true)
    }
  })

  test('Redis that lost all its data serves the jobs that come then', async () => {
    const { plain, mine } = parts.queues()
    const seen: string[] = []
    const worker = parts.work(plain, async (job) => seen.push(`${job.data.of} in ${parts.tenancy.current().schema}`))
    await parts.tenancy.run('acme', () => mine.add('work', { of: 'acme' }))
    await until(() => seen.length === 1)
    await parts.redis.restart({ loseData: true })
    await parts.tenancy.run('globex', () => mine.addBulk([{ name: 'work', data: { of: 'globex' } }]))
    await until(() => seen.length === 2)
    await worker.close()
    expect(seen).toEqual(['acme in acme', 'globex in globex'])
  })

  test('data so deep that no code can be made of them are refused, and do not come again', async () => {
    const { plain, mine } = parts.queues()
    const job = await parts.tenancy.runShared(() => mine.add('work', {}))
    const { partywall } = JSON.parse((await (await plain.getBackend().client).hget(plain.toKey(job.id!), 'data'))!)
    const data = `{"partywall":${JSON.stringify(partywall)},"data":${'['.repeat(50_000)}${']'.repeat(50_000)}}`
    await (await plain.getBackend().client).hset(plain.toKey(job.id!), { data })
    const worker = parts.work(plain, () => Promise.reject(new Error('never')))
    await until(async () => (await plain.getFailedCount()) === 1)
    await worker.close()
    const [failed] = await plain.getFailed()
    expect(failed!.failedReason).toContain('has a stamp that does not fit')
  })

  test('without PostgreSQL a job waits, and uses up no attempt', async () => {
    const { plain, mine } = parts.queues()
    await parts.tenancy.run('acme', () => mine.add('work', {}))
    const tenancy = createTenancy({ database: 'postgres://127.0.0.1:1/none', migrations: { shared: false, tenant: false } })
    const cutOff = parts.work(plain, () => Promise.reject(new Error('never')), { tenancy })
    await until(async () => (await plain.getDelayedCount()) === 1)
    await cutOff.close()
    await tenancy.close()
    const seen: number[] = []
    const worker = parts.work(plain, async (job) => seen.push(job.attemptsMade))
    await until(() => seen.length === 1)
    await worker.close()
    expect(seen).toEqual([0])
  })
})
