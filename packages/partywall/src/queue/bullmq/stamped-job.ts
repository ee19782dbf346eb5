/** A job as it goes to Redis: its data beside the stamp, its id and those that it names with the tenant in front. */
import type { JobsOptions } from 'bullmq'
import { TenancyError } from '../../errors.ts'
import type { ScopeLike } from '../../ports/tenancy-like.ts'
import { seen } from '../../seen.ts'
import type { Jobs } from '../shared/jobs.ts'
import { keyOfScope } from '../shared/scope-key.ts'
import { idInScope, isIdOf, stampedFor } from './job-ids.ts'

/** Options of a job. With `fair` it has no `priority` and no `lifo`. */
export type TenantJobOptions = Omit<JobsOptions, 'repeatJobKey' | 'prevMillis'>

export interface NewJob<Data, Name extends string> {
  readonly name: Name
  readonly data: Data
  readonly opts?: TenantJobOptions
}

/** The data are those of this moment: BullMQ would write what they have become when Redis has answered. @throws TenancyError INVALID_ARGUMENT */
export function stampedJob<Name extends string>(
  jobs: Jobs,
  scope: ScopeLike,
  queue: string,
  job: { readonly name: Name; readonly data: unknown; readonly opts?: TenantJobOptions },
): { name: Name; data: unknown; opts: JobsOptions } {
  assertNewJob(queue, job)
  const { name, data, opts = {} } = job
  const jobOptions = { ...opts, ...optionsInScope(keyOfScope(scope), opts) }
  const stamped = jobs.stampFor(scope, stampedFor(queue, { name, id: jobOptions.jobId }), data)
  return { name, data: JSON.parse(JSON.stringify(stamped)) as unknown, opts: jobOptions }
}

/** @throws TenancyError INVALID_ARGUMENT */
export function assertNewJob(queue: unknown, given: unknown): void {
  const { name, opts } = (given ?? {}) as { readonly name?: unknown; readonly opts?: unknown }
  // A colon would let one name of a queue, an id and a name be read in two ways.
  const [option, value] =
    typeof queue !== 'string' || queue === '' || queue.includes(':')
      ? ['queueName', queue]
      : typeof name !== 'string' || name === ''
        ? ['name', name]
        : ['opts', opts]
  if (option === 'opts' && (value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value)))) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `A job has a "name", which is a text, and may have "opts", an object; its queue has a name without colons. Its "${String(option)}" is ${seen(value)}.`,
    { details: { what: 'a job', option: String(option), seen: seen(value) } },
  )
}

/** The parts of a job's options that name other jobs. @throws TenancyError INVALID_ARGUMENT */
function optionsInScope(key: string, { jobId, deduplication, parent }: TenantJobOptions): JobsOptions & { jobId: string } {
  if (parent !== undefined && !isIdOf(key, parent.id)) throw foreignParent()
  if (deduplication?.keepLastIfActive === true) throw noKeptDuplicates()
  return {
    jobId: idInScope(key, 'add', 'jobId', jobId),
    ...(deduplication !== undefined && {
      deduplication: { ...deduplication, id: idInScope(key, 'add', 'deduplication.id', deduplication.id) },
    }),
  }
}

function foreignParent(): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    'The parent of a job must be a job of the same tenant: give { id: job.id, queue: job.queueQualifiedName } of a job that was added in this scope.',
    { details: { what: 'add', option: 'parent' } },
  )
}

function noKeptDuplicates(): TenancyError {
  return new TenancyError(
    'INVALID_ARGUMENT',
    'add refuses "deduplication.keepLastIfActive": BullMQ gives the job that it keeps another id later, which no stamp fits. Use "replace" or "ttl".',
    { details: { what: 'add', option: 'deduplication.keepLastIfActive' } },
  )
}
