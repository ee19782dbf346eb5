/** Jobs of pg-boss and Graphile Worker: those of one tenant, tried again and removed, and never those of another one. */
import { Logger, makeWorkerUtils, type WorkerUtils } from 'graphile-worker'
import { PgBoss } from 'pg-boss'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tenantGraphileWorker } from '../../../partywall/src/queue/graphile-worker/graphile-worker.ts'
import { tenantPgBoss } from '../../../partywall/src/queue/pg-boss/pg-boss.ts'
import { graphileWorkerJobs } from '../../src/jobs/graphile-worker.ts'
import { pgBossJobs } from '../../src/jobs/pg-boss.ts'
import { jobsRoutes } from '../../src/jobs/routes.ts'
import type { ConsoleJobs } from '../../src/jobs/source.ts'
import { fleetOf, type Fleet } from '../migrations/fleet.ts'
import { asked, until, type AskedRoom } from '../room.ts'

const secret = 'a secret of at least 32 characters, for tests'
const failure = 'no route to smtp://mailer:hunter2@mx <script>'
let fleet: Fleet
beforeAll(async () => {
  fleet = await fleetOf(['acme', 'globex'])
})

function describeSource(
  name: string,
  make: () => Promise<{ source: ConsoleJobs; failedOf: Record<string, string>; end(): Promise<unknown> }>,
) {
  describe(`jobs of ${name}`, () => {
    let room: AskedRoom
    let made: Awaited<ReturnType<typeof make>>
    beforeAll(async () => {
      made = await make()
      room = asked(jobsRoutes, { tenancy: fleet.tenancy, jobs: made.source })
    })
    afterAll(() => made.end())
    const jobsOf = async (schema: string, query = '') => (await room.get(`/of/${schema}${query}`)).body.jobs

    test('queues have counts, and the jobs of a tenant are its own, with their error and without their data', async () => {
      const { body } = await room.get('/')
      expect(body).toMatchObject({
        isConfigured: true,
        mayRetry: true,
        mayRemove: true,
        queues: [{ queue: 'mail', counts: { failed: 2, waiting: 1 } }],
      })
      const jobs = await jobsOf('acme')
      expect(jobs.map(({ state }: any) => state).toSorted()).toEqual(['failed', 'waiting'])
      const [failed] = await jobsOf('acme', '?state=failed')
      expect(failed).toMatchObject({ id: made.failedOf['acme'], queue: 'mail', error: 'no route to smtp://••••••@mx <script>' })
      expect(JSON.stringify(jobs)).not.toMatch(/hunter2|body of the mail/)
      expect((await room.get('/of/nobody')).body.code).toBe('UNKNOWN_TENANT')
    })

    test('a job of globex is not touched by its id under acme', async () => {
      const job = { queue: 'mail', id: made.failedOf['globex'] }
      expect((await room.post('/of/acme/retry', job)).body.code).toBe('JOB_GONE')
      expect((await room.post('/of/acme/remove', job)).body.code).toBe('JOB_GONE')
      expect(await jobsOf('globex', '?state=failed')).toHaveLength(1)
      for (const id of [`' or 1=1`, '0', '-1', '9'.repeat(600), made.failedOf['acme'] + ' '])
        expect((await room.post('/of/acme/retry', { queue: 'mail', id })).body.code).toBe('JOB_GONE')
      expect((await room.post('/of/acme/retry', { queue: 'other', id: made.failedOf['acme'] })).body.code).toBe('JOB_GONE')
    })

    test('an operator tries a job again, an owner removes one, and both stand in the log', async () => {
      const acme = { queue: 'mail', id: made.failedOf['acme'] }
      const globex = { queue: 'mail', id: made.failedOf['globex'] }
      expect((await room.post('/of/acme/retry', acme, 'viewer')).status).toBe(403)
      expect((await room.post('/of/acme/retry', acme, 'operator')).status).toBe(200)
      expect((await jobsOf('acme')).map(({ state }: any) => state)).toEqual(['waiting', 'waiting'])
      expect((await room.post('/of/globex/remove', globex, 'operator')).status).toBe(403)
      expect((await room.post('/of/globex/remove', globex)).status).toBe(200)
      expect(await jobsOf('globex')).toEqual([])
      const entries = await fleet.tenancy.audit.list({ action: 'job', limit: 2, actor: 'ann' })
      expect(entries.map(({ action, object }) => [action, object])).toContainEqual(['job.removed', `mail/${globex.id}`])
    })
  })
}

const inTenant = <T>(schema: string, fn: () => Promise<T>): Promise<T> => fleet.tenancy.run(schema, fn) as Promise<T>

describeSource('pg-boss', async () => {
  const boss = new PgBoss({ connectionString: fleet.url, supervise: false, schedule: false })
  await boss.start()
  await boss.createQueue('mail', { retryLimit: 0 })
  const jobs = tenantPgBoss(fleet.tenancy, boss, { secret })
  const failedOf: Record<string, string> = {}
  for (const schema of ['acme', 'globex']) {
    failedOf[schema] = (await inTenant(schema, () => jobs.send('mail', { text: 'body of the mail' })))!
    const [job] = await boss.fetch('mail')
    await boss.fail('mail', job!.id, new Error(failure))
  }
  await inTenant('acme', () => jobs.send('mail', { text: 'body of the mail' }))
  await boss.getDb().executeSql('select 1')
  await boss.supervise?.('mail')
  return {
    source: pgBossJobs(boss, jobs),
    failedOf,
    async end() {
      await boss.stop({ graceful: false })
      const sessions = `select from pg_stat_activity where datname = current_database() and application_name like 'pgboss%'`
      await until(async () => (await fleet.admin.query(sessions)).rows.length === 0)
    },
  }
})

describeSource('Graphile Worker', async () => {
  const utils: WorkerUtils = await makeWorkerUtils({
    pgPool: fleet.tenancy.sharedPool,
    logger: new Logger(() => () => undefined),
  })
  await utils.migrate()
  const jobs = tenantGraphileWorker(fleet.tenancy, { secret })
  const failedOf: Record<string, string> = {}
  for (const schema of ['acme', 'globex']) {
    const job = await inTenant(schema, () => jobs.addJob(utils, 'mail', { text: 'body of the mail' }))
    failedOf[schema] = job.id
    await utils.permanentlyFailJobs([job.id], failure)
  }
  await inTenant('acme', () => jobs.addJob(utils, 'mail', { text: 'body of the mail' }))
  return { source: graphileWorkerJobs(utils, jobs), failedOf, end: async () => utils.release() }
})

test('without a queue the page is told so', async () => {
  const room = asked(jobsRoutes, { tenancy: fleet.tenancy })
  expect((await room.get('/')).body).toEqual({ isConfigured: false })
  expect((await room.get('/of/acme')).body.code).toBe('NO_JOBS')
  expect((await room.post('/of/acme/retry', { queue: 'x', id: '1' })).body.code).toBe('NO_JOBS')
})
