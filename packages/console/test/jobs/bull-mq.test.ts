/** Jobs of BullMQ, on a real Redis. */
import { Queue, Worker } from 'bullmq'
import { beforeAll, describe, expect, test } from 'vitest'
import { tenantQueue } from '../../../partywall/src/queue/bullmq/bullmq.ts'
import { atFileEnd } from '../../../partywall/test/support/run/file-end.ts'
import { hasRedis, startRedis, withoutRedis } from '../../../partywall/test/support/servers/redis.ts'
import { bullMqJobs } from '../../src/jobs/bull-mq.ts'
import { jobsRoutes } from '../../src/jobs/routes.ts'
import { fleetOf } from '../migrations/fleet.ts'
import { asked, until, type AskedRoom } from '../room.ts'

describe.skipIf(!hasRedis())(`BullMQ (${withoutRedis} if skipped)`, () => {
  let room: AskedRoom
  const ids: Record<string, string> = {}
  beforeAll(async () => {
    const { tenancy } = await fleetOf(['acme', 'globex'])
    const { port } = await startRedis()
    const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null }
    const queue = new Queue('mail', { connection })
    atFileEnd(() => queue.close())
    const mails = tenantQueue(tenancy, queue as never, { secret: 'a secret of at least 32 characters, for tests' })
    for (const schema of ['acme', 'globex']) {
      ids[schema] = await tenancy.run(
        schema,
        async () => (await mails.add('welcome' as never, { text: 'body of the mail' } as never)).id!,
      )
    }
    const worker = new Worker('mail', () => Promise.reject(new Error('no route to smtp://mailer:hunter2@mx')), { connection })
    await until(async () => (await queue.getJobCounts('failed'))['failed'] === 2)
    await worker.close()
    room = asked(jobsRoutes, { tenancy, jobs: bullMqJobs([[queue, mails as never]]) })
  })

  test('queues have counts, and the jobs of a tenant are its own', async () => {
    expect((await room.get('/')).body).toMatchObject({ name: 'BullMQ', queues: [{ queue: 'mail', counts: { failed: 2 } }] })
    const { jobs } = (await room.get('/of/acme?state=failed')).body
    expect(jobs).toMatchObject([{ id: ids['acme'], name: 'welcome', state: 'failed', error: 'no route to smtp://••••••@mx' }])
    expect(JSON.stringify(jobs)).not.toContain('body of the mail')
  })

  test('a job is tried again or removed under its own tenant only', async () => {
    const job = { queue: 'mail', id: ids['globex'] }
    expect((await room.post('/of/acme/retry', job)).body.code).toBe('JOB_GONE')
    expect((await room.post('/of/acme/remove', job)).body.code).toBe('JOB_GONE')
    expect((await room.post('/of/globex/retry', job)).status).toBe(200)
    expect((await room.get('/of/globex')).body.jobs).toMatchObject([{ state: 'waiting' }])
    expect((await room.post('/of/acme/remove', { queue: 'mail', id: ids['acme'] })).status).toBe(200)
    expect((await room.get('/of/acme')).body.jobs).toEqual([])
  })
})
