/** Jobs that run later, in the tenant that added them. pg-boss keeps them in the same database. */
import { tenantPgBoss, type TenantPgBoss } from 'partywall/pg-boss'
import { PgBoss } from 'pg-boss'
import type { PollsTenancy } from './tenancy.ts'

export interface PollsJobs extends TenantPgBoss {
  /** Waits for the jobs that run. */
  stop(): Promise<void>
}

export async function startJobs(tenancy: PollsTenancy): Promise<PollsJobs> {
  const boss = new PgBoss({ db: { executeSql: (text, values) => tenancy.sharedPool.query(text, values) } })
  boss.on('error', (error) => console.error('polls: jobs:', error.message))
  await boss.start()
  await boss.createQueue('close-poll')
  // Every process of the app needs the same secret: set JOB_SECRET where this is more than a demo.
  const jobs = tenantPgBoss(tenancy, boss, {
    secret: process.env.JOB_SECRET ?? 'a secret that everyone can read: for the demo only',
  })
  await jobs.work<{ poll: number }>('close-poll', { pollingIntervalSeconds: 0.5 }, async ({ data }) => {
    await tenancy.pool.query('update questions set closed_at = coalesce(closed_at, now()) where id = $1', [data.poll])
  })
  return Object.assign(jobs, { stop: () => boss.stop({ timeout: 5000 }) })
}
