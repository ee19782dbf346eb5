/**
 * Ids in Redis. BullMQ drops a job whose id there is already, and knows one set of ids for all tenants: a job `daily` of one tenant would be dropped because of that
 * of another. So every id begins with the tenant's. That also tells whose a job is without reading it; for what it may do, only its stamp counts.
 */
import { randomUUID } from 'node:crypto'
import { TenancyError } from '../../errors.ts'
import { seen } from '../../seen.ts'

const longestId = 200

/** @param key of the scope @param given what the caller calls it; absent: a new id @throws TenancyError INVALID_ARGUMENT */
export function idInScope(key: string, what: string, option: string, given: unknown = randomUUID()): string {
  if (typeof given === 'string' && given !== '' && given.length <= longestId && !/[\p{Cc}:]/u.test(given))
    return `${key}.${given}`
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `"${option}" of ${what} must be a text of 1 to ${longestId} characters, without colons and control characters; it is ${seen(given)}.`,
    { details: { what, option, seen: seen(given) } },
  )
}

/** Whether the id was made in the scope with this key: that of a job, or of one that a scheduler of it has made. */
export function isIdOf(key: string, id: unknown): id is string {
  return typeof id === 'string' && (id.startsWith(`${key}.`) || id.startsWith(`repeat:${key}.`))
}

/** What the stamp of a job is for. A queue and an id have no colon, so no two jobs have the same. */
export function stampedFor(
  queue: string,
  job: { readonly id?: string; readonly name: string; readonly repeatJobKey?: string },
): string {
  // Each job of a scheduler has an id of its own, which BullMQ makes. The stamp is for the scheduler.
  return `${queue}:${job.repeatJobKey === undefined ? job.id : `repeat:${job.repeatJobKey}`}:${job.name}`
}
