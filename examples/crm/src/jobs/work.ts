/** What the jobs do. Every process that calls this works on them. */
import type { Parts } from '../parts.ts'
import { endTrial } from '../shared/billing/trial.ts'
import { importQueue, trialQueue } from './jobs.ts'
import { importCustomers } from './import-customers.ts'

export async function workOnJobs(parts: Pick<Parts, 'tenancy' | 'files' | 'jobs' | 'mailer' | 'users'>): Promise<void> {
  const { jobs } = parts
  await jobs.work<{ importId: number }>(importQueue, { pollingIntervalSeconds: 0.5, localConcurrency: 4 }, ({ data }) =>
    importCustomers(parts, data.importId),
  )
  await jobs.work(trialQueue, { pollingIntervalSeconds: 2 }, () => endTrial(parts))
  await jobs.schedule(trialQueue, { cron: '*/10 * * * *', jitterMs: 30_000 })
}
