/**
 * Work on many tenants that a later call may go on with. A record in the catalog says which tenants are done. The process that works on a tenant holds a lease of its
 * record, and renews it: two processes with the same key share the tenants, and those of a process that was killed are free again when its leases are over.
 */
import { TenancyError } from '../errors.ts'
import type { Tenant } from '../types.ts'
import { assertWholeNumber } from '../whole-number.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { seen } from '../seen.ts'

export interface ResumeOption {
  /** 1 to 200 bytes. The same key is the same work: tenants that are done have no second turn. */
  readonly key: string
  /**
   * After how many milliseconds without a sign of life another process may take a tenant over. 1,000 to 3,600,000. It is renewed all the time, so it need not
   * be as long as the work. @default 30_000
   */
  readonly leaseMs?: number | undefined
}

export interface CheckedResume {
  readonly key: string
  readonly leaseMs: number
}

const hourMs = 3_600_000

/** @throws TenancyError INVALID_ARGUMENT */
export function checkedResume(what: string, value: string | ResumeOption | undefined): CheckedResume | undefined {
  if (value === undefined) return undefined
  const { key, leaseMs = 30_000 } = typeof value === 'string' ? { key: value } : known(what, value)
  assertWorkKey(what, key)
  assertWholeNumber('INVALID_ARGUMENT', `"resume.leaseMs" of ${what}`, 'resume.leaseMs', leaseMs, { least: 1000, most: hourMs })
  return { key, leaseMs }
}

function known(what: string, value: ResumeOption): ResumeOption {
  assertKnownKeys(`"resume" of ${what}`, value, ['key', 'leaseMs'])
  return value
}

/** @throws TenancyError INVALID_ARGUMENT */
export function assertWorkKey(what: string, key: unknown): asserts key is string {
  if (typeof key === 'string' && key !== '' && Buffer.byteLength(key) <= 200 && !/\p{Cc}/u.test(key) && key.isWellFormed()) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `The key of resumable work must be text of 1 to 200 bytes without control characters, such as 'recompute-2026'; ${what} got ${seen(key, 'quoted')}.`,
    { details: { option: 'resume', what } },
  )
}

/** What became of a claim. `held`: another process works on the tenant. */
export type Claimed = { readonly state: 'claimed'; readonly attempt: number } | { readonly state: 'done' | 'held' | 'gone' }

/** The record of one call, which is one holder. */
export interface WorkRecord {
  claim(tenantId: string): Promise<Claimed>
  /** False when the lease was lost: another process may have done the work, too. */
  end(tenantId: string, state: 'done' | 'failed'): Promise<boolean>
  /** Renews all leases of the holder. @returns the ids of the tenants that it still holds */
  renew(): Promise<ReadonlySet<string>>
  /** What the audit says at the end. */
  close(counts: { readonly done: number; readonly failed: number; readonly skipped: number }): Promise<void>
}

/** Holds the leases of one call. */
export class Leases {
  readonly #record: WorkRecord
  readonly #leaseMs: number
  readonly #held = new Map<string, AbortController>()
  #renewing: NodeJS.Timeout | undefined

  constructor(record: WorkRecord, leaseMs: number) {
    this.#record = record
    this.#leaseMs = leaseMs
  }

  /** @returns a signal that is aborted when the lease is lost */
  async claim({ id }: Tenant<any>): Promise<Claimed & { readonly lost?: AbortSignal }> {
    const claimed = await this.#record.claim(id)
    if (claimed.state !== 'claimed') return claimed
    const lost = new AbortController()
    this.#held.set(id, lost)
    this.#renewing ??= setInterval(() => void this.#renew(), this.#leaseMs / 3).unref()
    return { ...claimed, lost: lost.signal }
  }

  /** @throws TenancyError TENANT_LOCKED when the lease was lost before */
  async end({ id, schema }: Tenant<any>, state: 'done' | 'failed'): Promise<void> {
    this.#held.delete(id)
    if (await this.#record.end(id, state)) return
    throw new TenancyError(
      'TENANT_LOCKED',
      `The work in the tenant ${JSON.stringify(schema)} has ended, but its lease was over: this process gave no sign of life for ${this.#leaseMs} ms, so ` +
        'another one may have done the same work. Give "resume" a longer "leaseMs", or keep the event loop free.',
      { details: { schema } },
    )
  }

  close(): void {
    clearInterval(this.#renewing)
  }

  async #renew(): Promise<void> {
    const before = [...this.#held]
    try {
      const held = await this.#record.renew()
      for (const [id, lost] of before) {
        // It may have ended meanwhile, and then it is not lost.
        if (!held.has(id) && this.#held.get(id) === lost) lost.abort(new Error('The lease of this tenant was lost.'))
      }
    } catch {
      // The server may be away for a moment: the next renewal tries again, and the end of the work notices a lease that is over.
    }
  }
}
