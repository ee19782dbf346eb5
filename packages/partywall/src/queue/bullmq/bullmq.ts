/**
 * partywall/bullmq, for BullMQ 6 and Redis. `tenantQueue` and `tenantFlows` add jobs with a stamp of the current scope; `tenantWorker` works on each job in the scope of
 * its stamp. A job that may not run goes to the failed jobs at once, and never to the shared schema. Jobs take turns by tenant.
 *
 * Not isolated by it: the Queue itself, which shows and changes the jobs of all tenants; QueueEvents; what a program with access to Redis reads there.
 */
import '../../node-version.ts'

export type { MasterSecrets } from '../../master-secrets.ts'
export type { ScopeLike } from '../../ports/tenancy-like.ts'
export type { JobTenancy } from '../shared/job-tenancy.ts'
export type { JobSecrets } from '../shared/jobs.ts'
export type { MissedOccurrence, ScheduleListener, ScheduleReport, TenantSchedule } from '../shared/schedules.ts'
export type { BullTenancy } from './bull-tenancy.ts'
export type { FindJobsOptions, RemovedJobs, TenantJobs, TenantJobState } from './jobs-of-tenant.ts'
export { tenantFlows, type TenantFlows, type TenantFlowsOptions } from './tenant-flows.ts'
export type { NewJob, TenantJobOptions } from './stamped-job.ts'
export { tenantQueue, type TenantQueue, type TenantQueueOptions } from './tenant-queue.ts'
export { tenantWorker, type TenantWorkerOptions } from './tenant-worker.ts'
