/** partywall/pg-boss on a real database: what all queues promise, and what is pg-boss's own. */
import { PgBoss } from 'pg-boss'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tenantPgBoss } from '../../src/queue/pg-boss/pg-boss.ts'
import { describeJobs, until, type JobDriver, type Tasks } from './job-contract.ts'
import { notesTenancy } from './notes-tenancy.ts'

const { tenancy, url } = await notesTenancy()
const secret = 'a secret of at least 32 characters, for tests'
const boss = new PgBoss({ connectionString: url, useListenNotify: true, supervise: false, schedule: false })
const jobs = tenantPgBoss(tenancy, boss, { secret })
const names = ['note', 'nest', 'fail'] as const

beforeAll(async () => {
  await tenancy.ready()
  await boss.start()
  await boss.createQueue('dead')
  for (const name of names) await boss.createQueue(name, { notify: true, deadLetter: 'dead', retryLimit: 3, retryDelay: 1 })
})
afterAll(async () => {
  await boss.stop({ graceful: false })
  // pg ends its connections in the background. The database is dropped next, and one that is open then would be an error without a listener.
  const sessions = `select from pg_stat_activity where datname = current_database() and application_name like 'pgboss%'`
  await until(async () => (await tenancy.sharedPool.query(sessions)).rows.length === 0)
})

const often = { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5 }
const sql = (text: string) => boss.getDb().executeSql(text)
const driver: JobDriver = {
  add: (name, data, key) => jobs.send(name, data, key === undefined ? {} : { singletonKey: key, singletonSeconds: 60 }),
  addRaw: (name, payload) => boss.send(name, payload),
  waiting: async (name) => (await boss.findJobs(name, { queued: true })).map(({ data }) => data as Record<string, any>),
  async start(tasks: Tasks) {
    for (const name of names) await jobs.work(name, { ...often, localConcurrency: 2 }, ({ data }) => tasks[name](data))
  },
  stop: async () => void (await Promise.all(names.map((name) => boss.offWork(name, { wait: true })))),
  dead: async () => (await boss.findJobs('dead')).map(({ sourceOutput }: any) => sourceOutput.message as string),
  hurry: () => sql(`update pgboss.job set start_after = now() where state = 'retry'`),
  clear: () => sql('delete from pgboss.job'),
}

describeJobs(tenancy, driver)

const inTenant = <T>(schema: string, fn: () => Promise<T>): Promise<T> => tenancy.run(schema, fn) as Promise<T>

const hourly = () => jobs.sendThrottled('note', { text: 'hourly' }, null, 3600)
const plainly = () => boss.sendThrottled('note', { text: 'hourly' }, {}, 3600)
const tick = async (): Promise<void> => {
  await tenancy.sharedPool.query(
    `update partywall.schedules set done_until = date_trunc('minute', now()) - interval '30 seconds'`,
  )
  const id = await boss.send('partywall-schedules', {})
  await until(async () => (await boss.findJobs('partywall-schedules', { id: id! }))[0]?.state === 'completed')
}
const textsOf = async (schema: string) => (await jobs.jobsOf(schema, 'note')).map(({ data }) => data)

describe('pg-boss', () => {
  test('keys, throttles and ids of jobs are those of a tenant', async () => {
    await driver.clear()
    expect(await inTenant('acme', hourly)).not.toBeNull()
    expect(await inTenant('globex', hourly)).not.toBeNull()
    expect(await inTenant('acme', hourly)).toBeNull()
    // What pg-boss does alone: the job of one tenant keeps out that of another.
    expect([await plainly(), await plainly()]).toEqual([expect.any(String), null])
  })

  test('the jobs of a tenant are listed and removed, also when it was deleted', async () => {
    await driver.clear()
    const { id } = await tenancy.tenants.create({ schema: 'leaving' })
    await inTenant('leaving', () => jobs.insert('note', [{ data: { text: '1' } }, { data: { text: '2' } }]))
    await inTenant('acme', () => jobs.send('note', { text: 'stays' }))
    expect((await jobs.jobsOf('leaving', 'note')).map(({ data }) => data)).toEqual(
      expect.arrayContaining([{ text: '1' }, { text: '2' }]),
    )
    await tenancy.tenants.delete('leaving', { confirm: 'leaving' })
    await expect(jobs.jobsOf('leaving', 'note')).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
    expect(await jobs.removeJobsOf(id, 'note')).toBe(2)
    expect(await jobs.jobsOf('acme', 'note')).toHaveLength(1)
  })

  test('one tenant with many jobs does not keep the others from their turn', async () => {
    await driver.clear()
    await inTenant('acme', () =>
      jobs.insert(
        'note',
        Array.from({ length: 200 }, (_, n) => ({ data: { text: `${n}` } })),
      ),
    )
    await inTenant('globex', () => jobs.send('note', { text: 'one' }))
    const order: string[] = []
    const turn = Promise.withResolvers<void>()
    await jobs.work('note', { ...often, localConcurrency: 4 }, async () => {
      order.push(tenancy.current().schema)
      if (order.at(-1) === 'globex') turn.resolve()
      // Each of its jobs takes longer than it takes to find the next one.
      else await Promise.race([turn.promise, sleep(700)])
    })
    await turn.promise
    // Without a share of its own, the other tenant is the last of all.
    expect(order.indexOf('globex')).toBeLessThan(20)
    await driver.clear()
    await boss.offWork('note', { wait: true })
  })

  test('through the shared pool, and in the transaction of a tenant, jobs are added alike', async () => {
    await driver.clear()
    const onPool = new PgBoss({
      db: { executeSql: (text, values) => tenancy.sharedPool.query(text, values) },
      supervise: false,
      schedule: false,
    })
    await onPool.start()
    const pooled = tenantPgBoss(tenancy, onPool, { secret })
    await inTenant('acme', async () => {
      await pooled.send('note', { text: 'by the pool' })
      const client = await tenancy.pool.connect()
      const db = { executeSql: (text: string, values?: unknown[]) => client.query(text, values) }
      await client.query('begin')
      await pooled.send('note', { text: 'rolled back' }, { db })
      await client.query('rollback')
      client.release()
    })
    expect((await pooled.jobsOf('acme', 'note')).map(({ data }) => data)).toEqual([{ text: 'by the pool' }])
    await onPool.stop({ graceful: false })
  })

  test('a worker that was killed in the middle of a job leaves it to another one, in the same tenant', async () => {
    await driver.clear()
    const id = await inTenant('globex', () => jobs.send('note', { text: 'half done' }, { expireInSeconds: 1, retryDelay: 0 }))
    await boss.fetch('note')
    // What supervision does when the time of the dead worker is over.
    await sql(`update pgboss.job set started_on = now() - interval '1 hour' where id = '${id}'`)
    await boss.supervise('note')
    const seen = Promise.withResolvers<string>()
    await jobs.work('note', often, async () => seen.resolve(tenancy.current().schema))
    await driver.hurry()
    expect(await seen.promise).toBe('globex')
    await boss.offWork('note', { wait: true })
  })

  test('a schedule sends each tenant its job, and a tick that is repeated sends none again', async () => {
    await driver.clear()
    // Older than the occurrence, which a younger tenant would not have missed.
    await tenancy.sharedPool.query(`update partywall.tenants set created_at = created_at - interval '1 hour'`)
    await jobs.schedule('note', { cron: '* * * * *', data: ({ schema }) => ({ text: `scheduled for ${schema}` }) })
    await tick()
    await tick()
    await tick()
    expect(await textsOf('acme')).toEqual([{ text: 'scheduled for acme' }])
    expect(await textsOf('globex')).toEqual([{ text: 'scheduled for globex' }])
    await boss.offWork('partywall-schedules', { wait: true })
  })

  test('what would mix tenants is refused, and so is what is no PgBoss and no secret', async () => {
    for (const option of ['perJobResults', 'transactional'])
      await expect(jobs.work('note', { [option]: true } as never, () => undefined)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
      })
    await expect(inTenant('acme', () => jobs.send('note', {}, { group: { id: 'x' } } as never))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
    expect(() => tenantPgBoss(tenancy, boss, { secret: 'short' })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => tenantPgBoss(tenancy, {} as never, { secret })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => tenantPgBoss({} as never, boss, { secret })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    await expect(inTenant('acme', () => jobs.send('note', { big: 1n } as never))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })
})
