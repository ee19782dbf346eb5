/** What the console needs of a queue. `pgBossJobs`, `graphileWorkerJobs` and `bullMqJobs` give it for the adapters of partywall; another queue can give its own. */
import type { TenantRef } from 'partywall'

/** `waiting`: it may run now. `delayed`: later. */
export type JobState = 'waiting' | 'delayed' | 'active' | 'failed' | 'completed'

export interface QueueCounts {
  readonly queue: string
  readonly counts: Readonly<Partial<Record<JobState, number>>>
}

export interface QueuedJob {
  readonly id: string
  readonly queue: string
  /** What kind of job it is in its queue, where the queue has kinds. */
  readonly name?: string
  readonly state: JobState
  readonly attempts: number
  readonly maxAttempts?: number
  readonly createdAt?: Date
  /** When it runs, or has run. */
  readonly runAt?: Date
  /** What the last attempt failed with, in a sentence. Never the data of the job. */
  readonly error?: string
}

export interface JobSearch {
  readonly queue?: string | undefined
  readonly state?: JobState | undefined
  /** The most jobs. */
  readonly limit: number
}

/** The option `jobs` of the console. */
export interface ConsoleJobs {
  /** For people, such as `pg-boss`. */
  readonly name: string
  /** All queues, with how many jobs are in which state. Counts of all tenants. */
  queues(): Promise<readonly QueueCounts[]>
  /** The jobs of one tenant, without their data. */
  jobsOf(tenant: TenantRef, search: JobSearch): Promise<readonly QueuedJob[]>
  /** Gives a failed job to the workers again. False: the tenant has no such job, or it has not failed. Absent: the queue cannot. */
  retry?(tenant: TenantRef, queue: string, id: string): Promise<boolean>
  /** Removes a job that does not run. False: the tenant has no such job, or it runs. Absent: the queue cannot. */
  remove?(tenant: TenantRef, queue: string, id: string): Promise<boolean>
}
