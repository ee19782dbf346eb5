/** The console for those who operate the app, at `admin.` of the public site. Operators are the central accounts with the role `admin`. */
import { adminsOf, console as consoleOf, pgBossJobs } from '@partywall/console'
import type { RequestHandler } from 'express'
import type { Environment } from '../environment.ts'
import type { CrmJobs } from '../jobs/jobs.ts'
import type { CrmTenancy } from '../tenancy.ts'
import { adminUrl, type Operators } from './operators.ts'

export function adminSite(
  tenancy: CrmTenancy,
  operators: Operators,
  jobs: CrmJobs,
  { appUrl, proxies }: Environment,
): RequestHandler {
  const { host } = new URL(adminUrl(appUrl))
  return consoleOf(tenancy, {
    authorize: adminsOf(operators),
    jobs: pgBossJobs(jobs.boss, jobs),
    hosts: [host],
    trustProxy: proxies > 0,
  })
}
