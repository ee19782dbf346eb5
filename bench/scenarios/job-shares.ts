/**
 * How long the jobs of other tenants wait beside a backlog of 100,000 of one tenant, with Graphile Worker and with pg-boss, four at a time in one process: where a tenant gets
 * at most half of them, and where it may get all. A job takes 20 ms. What was not done within the limit is counted as such.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import type { Tenancy } from 'partywall'
import { tenantGraphileWorker } from 'partywall/graphile-worker'
import { tenantPgBoss } from 'partywall/pg-boss'
import { PgBoss } from 'pg-boss'
import type { Outcome } from '../measuring/outcome.ts'
import { inOwnDatabase } from '../measuring/own-database.ts'
import { median, rounded } from '../measuring/statistics.ts'

const backlog = 100_000
const others = 20
const atATime = 4
const jobMs = 20
const limitMs = 20_000
const secret = 'the secret of the jobs of this scenario'
const schemaOf = (index: number): string => `shares_${index}`

interface Subject {
  /** Adds 1,000 jobs of the current scope. */
  addMany(): Promise<unknown>
  add(of: number): Promise<unknown>
  /** @param share how many jobs of one tenant run at a time. Resolves to what ends the work */
  work(share: number, job: (of: number) => Promise<void>): Promise<() => Promise<unknown>>
  clear(): Promise<unknown>
  end(): Promise<unknown>
}

export async function jobShares(url: string): Promise<Outcome> {
  return inOwnDatabase(url, 'shares', async (tenancy, own) => {
    for (let index = 0; index <= others; index++) await tenancy.tenants.create({ schema: schemaOf(index) })
    const figures: Record<string, unknown> = { backlog, atATime, jobMs, limitMs }
    for (const [library, open] of Object.entries({ graphileWorker, pgBoss })) {
      const subject = await open(tenancy, own)
      const shares: Record<string, unknown> = {}
      for (const [name, share] of [
        ['half', atATime / 2],
        ['all', atATime],
      ] as const)
        shares[name] = await waited(tenancy, subject, share)
      await subject.end()
      figures[library] = shares
    }
    return { tenants: others + 1, rounds: 1, ratios: {}, spread: {}, figures }
  })
}

/** The worker is busy with the backlog when each other tenant adds a job. */
async function waited(tenancy: Tenancy, subject: Subject, share: number) {
  await subject.clear()
  await tenancy.run(schemaOf(0), async () => {
    for (let added = 0; added < backlog; added += 1000) await subject.addMany()
  })
  const addedAt = new Map<number, number>()
  const waits: number[] = []
  const [begun, finished] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const stop = await subject.work(share, async (of) => {
    if (of === 0) {
      begun.resolve()
      return sleep(jobMs)
    }
    waits.push(performance.now() - addedAt.get(of)!)
    if (waits.length === others) finished.resolve()
  })
  await begun.promise
  for (let index = 1; index <= others; index++) {
    addedAt.set(index, performance.now())
    await tenancy.run(schemaOf(index), () => subject.add(index))
  }
  await Promise.race([finished.promise, sleep(limitMs)])
  await subject.clear()
  await stop()
  const done = waits.length
  return { done, ...(done > 0 && { waitedMs: { median: rounded(median(waits)), most: rounded(Math.max(...waits)) } }) }
}

async function graphileWorker(tenancy: Tenancy, connectionString: string): Promise<Subject> {
  const jobs = tenantGraphileWorker(tenancy, { secret })
  const logger = new Logger(() => () => undefined)
  const utils = await makeWorkerUtils({ connectionString, logger })
  await utils.migrate()
  const many = Array.from({ length: 1000 }, () => ({ identifier: 'work', payload: { of: 0 } }))
  return {
    addMany: () => jobs.addJobs(utils, many),
    add: (of) => jobs.addJob(utils, 'work', { of }),
    async work(share, job) {
      const options = jobs.worker({ work: ({ of }: { of: number }) => job(of) }, { concurrency: atATime, maxPerTenant: share })
      const runner = await run({ connectionString, logger, noHandleSignals: true, ...options })
      return () => runner.stop()
    },
    clear: () => utils.withPgClient((client) => client.query('truncate graphile_worker._private_jobs')),
    end: async () => utils.release(),
  }
}

async function pgBoss(tenancy: Tenancy, connectionString: string): Promise<Subject> {
  const boss = new PgBoss({ connectionString, supervise: false, schedule: false })
  boss.on('error', () => {})
  await boss.start()
  await boss.createQueue('work')
  const jobs = tenantPgBoss(tenancy, boss, { secret })
  const many = Array.from({ length: 1000 }, () => ({ data: { of: 0 } }))
  return {
    addMany: () => jobs.insert('work', many),
    add: (of) => jobs.send('work', { of }),
    async work(share, job) {
      const options = { localConcurrency: atATime, localGroupConcurrency: share, pollingIntervalSeconds: 0.5 }
      await jobs.work<{ of: number }>('work', options, ({ data }) => job(data.of))
      return () => boss.offWork('work', { wait: true })
    },
    clear: () => boss.getDb().executeSql('delete from pgboss.job'),
    end: () => boss.stop({ graceful: false }),
  }
}
