/** Work that runs later, in the tenant that asked for it. pg-boss keeps the jobs in the same database, partywall stamps each with its tenant. */
import { tenantPgBoss, type TenantPgBoss } from 'partywall/pg-boss'
import { PgBoss } from 'pg-boss'
import { secretFor, type Environment } from '../environment.ts'
import type { CrmTenancy } from '../tenancy.ts'

export const importQueue = 'import-customers'
export const trialQueue = 'end-trials'

export interface CrmJobs extends TenantPgBoss {
  /** For the console, which counts what waits and what failed. */
  readonly boss: PgBoss
  /** Waits for the jobs that run. */
  stop(): Promise<void>
}

export async function startJobs(tenancy: CrmTenancy, environment: Environment): Promise<CrmJobs> {
  const boss = new PgBoss({ db: { executeSql: (text, values) => tenancy.sharedPool.query(text, values) } })
  boss.on('error', (error) => console.error('crm: jobs:', error.message))
  await boss.start()
  await boss.createQueue('refused')
  // What stopped in the middle goes on: an import begins behind the last line that it has done.
  await boss.createQueue(importQueue, { deadLetter: 'refused', retryLimit: 3, expireInSeconds: 900 })
  await boss.createQueue(trialQueue, { deadLetter: 'refused', retryLimit: 3 })
  const jobs = tenantPgBoss(tenancy, boss, { secret: secretFor('jobs', environment) })
  return Object.assign(jobs, { boss, stop: () => boss.stop({ timeout: 5000 }) })
}
