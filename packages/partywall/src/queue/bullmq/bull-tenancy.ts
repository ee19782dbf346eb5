/** What the adapters of BullMQ need of a tenancy. */
import type { JobTenancy } from '../shared/job-tenancy.ts'

/** A tenancy, the result of `createTenancy(config)`. */
export interface BullTenancy<A extends object = any> extends JobTenancy<A> {
  /** Set in a process that was started for one tenant. */
  readonly startTenant?: string | undefined
  bind<Args extends unknown[], R>(fn: (...args: Args) => R): (...args: Args) => R
}
