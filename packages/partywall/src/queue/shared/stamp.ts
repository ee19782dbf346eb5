/**
 * The stamp of a job: for whom it was enqueued, under a code (HMAC) that only the application can make. The code covers the queue, the tenant and the data, so
 * none of them can be exchanged, and the stamp of one job does not fit another one with other data. It does not say that a job runs only once.
 */
import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto'
import { TenancyError } from '../../errors.ts'
import type { ScopeLike } from '../../ports/tenancy-like.ts'
import { seen } from '../../seen.ts'

/** Who a job is for. `tenant` is null for a job of the shared side. */
interface Stamp {
  readonly tenant: string | null
  /** The schema and the generation of the tenant when the job was enqueued. */
  readonly schema?: string
  readonly generation?: number
  /** The queue, and for some libraries the kind of job in it, that the job was made for. */
  readonly queue: string
  readonly mac: string
}

/** What lies in the queue: the data of the caller beside the stamp. */
export interface Stamped<T = unknown> {
  readonly partywall: Stamp
  readonly data: T
}

/** A key for the codes. Made of a secret of the application, so that a code for another purpose under the same secret is no stamp. */
export type StampKey = KeyObject

export function stampKey(secret: string): StampKey {
  // A key object, which a code needs a tenth of the time with.
  return createSecretKey(createHmac('sha256', secret).update('partywall: stamps of jobs').digest())
}

/**
 * Stamps data for a scope. Costs one HMAC over the data as JSON; no query.
 * @throws TenancyError INVALID_ARGUMENT for data that cannot be JSON
 */
export function stamped<T>(key: StampKey, queue: string, scope: ScopeLike, data: T): Stamped<T> {
  const target =
    scope.kind === 'shared'
      ? { tenant: null }
      : { tenant: scope.tenant.id, schema: scope.tenant.schema, generation: scope.tenant.generation }
  const stamp = { ...target, queue }
  return { partywall: { ...stamp, mac: codeOf(key, stamp, data).toString('base64url') }, data }
}

/** Whether one of the keys has made the stamp for these data. Takes the same time for every wrong code. */
export function isGenuine(keys: readonly StampKey[], { partywall, data }: Stamped): boolean {
  const { mac, ...stamp } = partywall
  const given = Buffer.from(mac, 'base64url')
  try {
    return keys.some((key) => {
      const code = codeOf(key, stamp, data)
      return given.length === code.length && timingSafeEqual(given, code)
    })
  } catch {
    // Data that are nested too deeply for a code were never stamped. As an error they would be tried again and again.
    return false
  }
}

/** Whether this has the form of a stamped job. That it is genuine is another question. */
export function isStamped(value: unknown): value is Stamped {
  const stamp = (value as Partial<Stamped> | null | undefined)?.partywall as Partial<Stamp> | null | undefined
  if (typeof stamp !== 'object' || stamp === null || typeof stamp.queue !== 'string' || typeof stamp.mac !== 'string')
    return false
  if (stamp.tenant === null) return true
  return typeof stamp.tenant === 'string' && typeof stamp.schema === 'string' && typeof stamp.generation === 'number'
}

function codeOf(key: StampKey, { tenant, schema, generation, queue }: Omit<Stamp, 'mac'>, data: unknown): Buffer {
  return createHmac('sha256', key)
    .update(canonicalJson([tenant, schema, generation, queue, data]))
    .digest()
}

/** The same text for the same data, also after a database has stored them as jsonb, which keeps no order of keys. */
function canonicalJson(value: unknown): string {
  try {
    return JSON.stringify(value, (_key, member: unknown) => (isObject(member) ? sorted(member) : member))
  } catch (cause) {
    throw new TenancyError(
      'INVALID_ARGUMENT',
      `The data of a job must be what JSON can hold: ${(cause as Error).message.split('\n', 1)[0]}.`,
      { details: { what: 'the data of a job', option: 'data', seen: seen(value) }, cause },
    )
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sorted(value: Record<string, unknown>): Record<string, unknown> {
  const keys = Object.keys(value)
  return keys.length < 2 ? value : Object.fromEntries(keys.toSorted().map((name) => [name, value[name]]))
}
