/** Stamps what is enqueued, and enters the scope of what is worked on. Every adapter of a queue is built on these two. */
import { TenancyError, tenancyErrorOf, type ErrorDetails } from '../../errors.ts'
import { masterSecrets, type MasterSecrets } from '../../master-secrets.ts'
import type { ScopeLike } from '../../ports/tenancy-like.ts'
import { withoutActor } from '../../scope/acting.ts'
import type { Tenant } from '../../types.ts'
import { assertJobTenancy, type JobTenancy } from './job-tenancy.ts'
import { isGenuine, isStamped, stamped, stampKey, type Stamped } from './stamp.ts'

/** `secret`: at least 32 random characters, the same in all processes that enqueue or work. `secrets`: several, the newest first, to replace one. */
export type JobSecrets = MasterSecrets

/** The scope of a job: of its tenant, or of the shared side. */
export type JobScope = { readonly kind: 'tenant'; readonly tenant: Tenant<any> } | { readonly kind: 'shared' }

export interface Jobs {
  /**
   * Stamps data for the current scope. Costs one HMAC; no query.
   * @throws TenancyError NO_TENANT outside every scope; INVALID_ARGUMENT for data that cannot be JSON
   */
  stamp<T>(queue: string, data: T): Stamped<T>
  /** The same for a scope that is not the current one. */
  stampFor<T>(scope: ScopeLike, queue: string, data: T): Stamped<T>
  /**
   * Runs `fn` with the data of a job, in the scope that the job was stamped in. Costs one lookup of the tenant, mostly from the cache.
   * @param queues the queue of the job; and queues that it may have been moved from, as to a dead letter queue
   * @throws TenancyError JOB_REFUSED for a job that must not be tried again. Another TenancyError of the tenant (TENANT_MAINTENANCE, TENANT_CHANGED, …) passes with time,
   * and what `fn` throws is passed on as it is: `isRefused(error)` tells the first from the others
   */
  enter<R>(queues: readonly string[], job: unknown, fn: (data: unknown, scope: JobScope) => R): Promise<Awaited<R>>
}

/** @throws TenancyError INVALID_OPTION */
export function createJobs(what: string, tenancy: JobTenancy, secrets: JobSecrets): Jobs {
  assertJobTenancy(what, tenancy)
  const keys = masterSecrets(what, secrets).map(stampKey)
  const stampFor: Jobs['stampFor'] = (scope, queue, data) => stamped(keys[0]!, queue, scope, data)
  return Object.freeze<Jobs>({
    stampFor,
    stamp: (queue, data) => stampFor(tenancy.scope() ?? outside(queue), queue, data),
    async enter<R>(queues: readonly string[], job: unknown, fn: (data: unknown, scope: JobScope) => R): Promise<Awaited<R>> {
      if (!isStamped(job)) throw refusal('unstamped', queues[0]!)
      if (!isGenuine(keys, job) || !queues.includes(job.partywall.queue)) throw refusal('forged', queues[0]!)
      const { tenant: id, data } = { ...job.partywall, data: job.data }
      if (id === null) return tenancy.runShared(() => withoutActor(() => fn(data, { kind: 'shared' })))
      let isEntered = false
      try {
        const tenant = await tenantOf(tenancy, job, queues[0]!)
        return await tenancy.run(tenant, () => {
          isEntered = true
          return withoutActor(() => fn(data, { kind: 'tenant', tenant }))
        })
      } catch (error) {
        throw isEntered ? error : final(error, queues[0]!)
      }
    },
  })
}

/** Whether `enter` refused the job. False for an error of the job's own work, whatever its code. */
export function isRefused(error: unknown): boolean {
  return refusals.has(error as object)
}

const refusals = new WeakSet<object>()

/** @throws TenancyError UNKNOWN_TENANT; JOB_REFUSED where the schema that the job was made in is that of another tenant now */
async function tenantOf(tenancy: JobTenancy, { partywall: stamp }: Stamped, queue: string): Promise<Tenant> {
  const tenant = await tenancy.tenants.get({ id: stamp.tenant! })
  // It was renamed, and goes by its id. But what the data say may go by the old name, and that is another tenant's.
  if (tenant.schema !== stamp.schema) {
    const other = await tenancy.tenants.find({ schema: stamp.schema! })
    if (other !== undefined && other.id !== tenant.id) throw refusal('reused', queue)
  }
  return tenant
}

/** What no later attempt can change is a refusal of the job. */
function final(error: unknown, queue: string): unknown {
  if (refusals.has(error as object)) return error
  const code = tenancyErrorOf(error)?.code
  if (code === 'UNKNOWN_TENANT') return refusal('unknown', queue, error)
  if (code === 'TENANT_SUSPENDED') return refusal('suspended', queue, error)
  return error
}

const why: Record<ErrorDetails['JOB_REFUSED']['reason'], string> = {
  unstamped: 'has no stamp of a tenant: it was enqueued without the adapter of partywall',
  forged: 'has a stamp that does not fit: its tenant, its data or its queue were changed, or it was made with another secret',
  unknown: 'belongs to a tenant that does not exist any more',
  suspended: 'belongs to a tenant that is suspended, archived or being deleted',
  reused: 'was made in a schema whose name belongs to another tenant now',
}

function refusal(reason: ErrorDetails['JOB_REFUSED']['reason'], queue: string, cause?: unknown): TenancyError {
  const error = new TenancyError(
    'JOB_REFUSED',
    `A job of ${JSON.stringify(queue)} was refused and is not tried again: it ${why[reason]}.`,
    { details: { reason, queue }, ...(cause !== undefined && { cause }) },
  )
  refusals.add(error)
  return error
}

function outside(queue: string): never {
  throw new TenancyError(
    'NO_TENANT',
    `A job of ${JSON.stringify(queue)} is enqueued outside every scope, so it is not known for whom. Enqueue it in the scope of a tenant, or a job ` +
      'without a tenant inside tenancy.runShared(fn).',
    { details: { scope: 'none' } },
  )
}
