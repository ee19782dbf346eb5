/** partywall/graphile-worker on a real database: what all queues promise, and what is Graphile Worker's own. */
import { Logger, makeWorkerUtils, run, type Runner, type WorkerUtils } from 'graphile-worker'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tenantGraphileWorker } from '../../src/queue/graphile-worker/graphile-worker.ts'
import { describeJobs, until, type JobDriver, type Tasks } from './job-contract.ts'
import { notesTenancy } from './notes-tenancy.ts'

const { tenancy } = await notesTenancy()
const secret = 'a secret of at least 32 characters, for tests'
const jobs = tenantGraphileWorker(tenancy, { secret })
const logger = new Logger(() => () => undefined)
const shared = { pgPool: tenancy.sharedPool, logger, noHandleSignals: true } as const
let utils: WorkerUtils
let runner: Runner | undefined

beforeAll(async () => {
  await tenancy.ready()
  utils = await makeWorkerUtils(shared)
  await utils.migrate()
})
afterAll(() => utils.release())

const sql = async (text: string, values: unknown[] = []) => (await tenancy.sharedPool.query(text, values)).rows
const begin = async (tasks: Partial<Tasks>, options = {}) => {
  runner = await run({ ...shared, ...jobs.worker(tasks as Tasks, options), pollInterval: 50 })
}
const driver: JobDriver = {
  add: (name, data, key) => jobs.addJob(utils, name, data, key === undefined ? {} : { jobKey: key }),
  addRaw: (name, payload) => utils.addJob(name, payload),
  waiting: async () => (await sql('select payload from graphile_worker._private_jobs')).map(({ payload }) => payload),
  start: begin,
  stop: async () => {
    await runner!.stop()
    runner = undefined
  },
  dead: async () =>
    (await sql('select last_error from graphile_worker._private_jobs where attempts = max_attempts')).map(
      (row) => row.last_error,
    ),
  hurry: () => sql('update graphile_worker._private_jobs set run_at = now() where attempts > 0 and attempts < max_attempts'),
  clear: () => sql('delete from graphile_worker._private_jobs'),
}

describeJobs(tenancy, driver)

const inTenant = <T>(schema: string, fn: () => Promise<T>): Promise<T> => tenancy.run(schema, fn) as Promise<T>
const add = (text: string) => jobs.addJob(utils, 'note', { text }, { jobKey: 'daily' })

describe('Graphile Worker', () => {
  test('a job and the rows of its tenant are one transaction, by SQL of the application', async () => {
    await driver.clear()
    const enqueue = (text: string, end: string): Promise<void> =>
      inTenant('acme', async () => {
        const { payload, flags, jobKey } = jobs.jobSpec('note', { text }, { jobKey: text })
        const client = await tenancy.pool.connect()
        await client.query('begin')
        await client.query('insert into notes (text) values ($1)', [`row of ${text}`])
        const values = ['note', payload, flags, jobKey]
        await client.query('select graphile_worker.add_job($1, $2::json, flags => $3, job_key => $4)', values)
        await client.query(end)
        client.release()
      })
    await enqueue('kept', 'commit')
    await enqueue('dropped', 'rollback')
    expect(await jobs.jobsOf(utils, 'acme')).toMatchObject([{ task_identifier: 'note' }])
    const done = Promise.withResolvers<string>()
    await begin({ note: async ({ text }) => done.resolve(`${tenancy.current().schema}: ${text}`) })
    expect(await done.promise).toBe('acme: kept')
    await driver.stop()
  })

  test('the keys of jobs are those of a tenant', async () => {
    await driver.clear()
    for (const schema of ['acme', 'globex', 'acme']) await inTenant(schema, () => add(schema))
    expect(await driver.waiting('note')).toHaveLength(2)
    // What the library does alone: the job of one tenant takes the place of another's.
    await driver.clear()
    for (const schema of ['acme', 'globex']) await utils.addJob('note', { schema }, { jobKey: 'daily' })
    expect(await driver.waiting('note')).toEqual([{ schema: 'globex' }])
  })

  test('the jobs of a tenant are listed and removed, also when it was deleted', async () => {
    await driver.clear()
    const { id } = await tenancy.tenants.create({ schema: 'leaving' })
    const two = [1, 2].map((n) => ({ identifier: 'note', payload: { text: String(n) } }))
    await inTenant('leaving', () => jobs.addJobs(utils, two))
    await inTenant('acme', () => driver.add('note', { text: 'stays' }))
    expect(await jobs.jobsOf(utils, 'leaving', { task: 'note', limit: 1 })).toHaveLength(1)
    await tenancy.tenants.delete('leaving', { confirm: 'leaving' })
    await expect(jobs.jobsOf(utils, 'leaving')).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
    expect(await jobs.removeJobsOf(utils, id)).toBe(2)
    expect(await jobs.jobsOf(utils, 'acme')).toHaveLength(1)
  })

  test('one tenant with many jobs does not keep the others from their turn', async () => {
    await driver.clear()
    const many = Array.from({ length: 200 }, (_, n) => ({ identifier: 'note', payload: { text: String(n) } }))
    await inTenant('acme', () => jobs.addJobs(utils, many))
    await inTenant('globex', () => driver.add('note', { text: 'one' }))
    const order: string[] = []
    const turn = Promise.withResolvers<void>()
    const task = async (): Promise<void> => {
      order.push(tenancy.current().schema)
      if (order.at(-1) === 'globex') turn.resolve()
      // Each of its jobs takes longer than it takes to find the next one.
      else await Promise.race([turn.promise, sleep(50)])
    }
    await begin({ note: task })
    await turn.promise
    // Without a share of its own, the other tenant is the last of all.
    expect(order.indexOf('globex')).toBeLessThan(20)
    await driver.clear()
    await driver.stop()
  })

  test('a schedule adds a job for each tenant, beside cron items of the application, which run in the shared scope', async () => {
    await driver.clear()
    // Older than the occurrence, which a younger tenant would not have missed.
    await tenancy.sharedPool.query(`update partywall.tenants set created_at = created_at - interval '1 hour'`)
    const scheduled = tenantGraphileWorker(tenancy, { secret })
    scheduled.schedule('note', { cron: '* * * * *', data: ({ schema }) => ({ text: `scheduled for ${schema}` }) })
    const done: string[] = []
    const note = async ({ text }: { text?: string }): Promise<void> => void done.push(text ?? tenancy.scope()!.kind)
    const options = scheduled.worker({ note }, { cronItems: [{ task: 'note', match: '0 4 * * *', identifier: 'nightly' }] })
    runner = await run({ ...shared, ...options, pollInterval: 50 })
    await utils.addJob('partywall_schedules', {})
    await until(async () => (await sql('select from partywall.schedules')).length === 1)
    await sql(`update partywall.schedules set done_until = date_trunc('minute', now()) - interval '30 seconds'`)
    await utils.addJob('partywall_schedules', {})
    await utils.addJob('note', { _cron: { ts: '2026-06-01T04:00:00Z' } })
    await until(() => done.length >= 3)
    await driver.stop()
    expect(done).toEqual(expect.arrayContaining(['scheduled for acme', 'scheduled for globex', 'shared']))
  })

  test('a worker that was started on behalf of a person does not do its jobs on behalf of that person', async () => {
    await driver.clear()
    const done = Promise.withResolvers<void>()
    const note = async (): Promise<void> => {
      await tenancy.tenants.update('acme', { name: 'Acme by a job' })
      done.resolve()
    }
    await tenancy.actingAs('user:7', () => begin({ note }))
    await inTenant('acme', () => driver.add('note', {}))
    await done.promise
    await driver.stop()
    const [entry] = await tenancy.audit.list({ limit: 1 })
    expect(entry).toMatchObject({ action: 'tenant.updated' })
    expect(entry!.actor).not.toBe('user:7')
  })

  test('what is no secret, no tenancy and no share is refused', async () => {
    expect(() => tenantGraphileWorker(tenancy, { secret: 'short' })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => tenantGraphileWorker({} as never, { secret })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => jobs.worker({}, { maxPerTenant: 0 })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(() => jobs.schedule('digest', { cron: 'at eight' })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })
})
