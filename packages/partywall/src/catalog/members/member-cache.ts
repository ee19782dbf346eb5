/**
 * Members that were looked up recently, and the answer that a user is none, so that most requests cost no query for the rights of their user. As the cache of
 * tenants: bounded, one lookup at a time for each key, and an answer is cached until a change of the members of its tenant is announced, else for `ttlMs`.
 */
import { BoundedMap } from '../../bounded-map.ts'
import type { Member } from '../../types.ts'

export interface MemberCacheOptions {
  /** Milliseconds for which an answer is cached while changes are not seen; 0 caches nothing. */
  readonly ttlMs: number
  /** Names the period in which every change is announced. */
  readonly period: () => object | undefined
}

interface Remembered {
  readonly tenantId: string
  readonly member: Member | undefined
  readonly until: number
  readonly period: object | undefined
}

const mostEntries = 10_000

export class MemberCache {
  readonly #options: MemberCacheOptions
  readonly #entries = new BoundedMap<string, Remembered>(mostEntries)
  readonly #flights = new Map<string, Promise<Member | undefined>>()

  constructor(options: MemberCacheOptions) {
    this.#options = options
  }

  /** The answer for this user of this tenant, from `load` when it is not cached. */
  get(tenantId: string, userId: string, load: () => Promise<Member | undefined>): Promise<Member | undefined> {
    const { ttlMs, period: currentPeriod } = this.#options
    if (ttlMs === 0) return load()
    const now = performance.now()
    const period = currentPeriod()
    // The id of a tenant has no space.
    const key = `${tenantId} ${userId}`
    const entry = this.#entries.get(key)
    const isCurrent = entry !== undefined && (now < entry.until || (period !== undefined && entry.period === period))
    if (isCurrent) return Promise.resolve(entry.member)
    return this.#flights.get(key) ?? this.#fly(key, load, { tenantId, until: now + ttlMs, period })
  }

  /** Drops what is known of the members of a tenant, or of all, and every running lookup: it may have started before the change. */
  forget(tenantId: string | undefined): void {
    if (tenantId === undefined) this.#entries.clear()
    else this.#entries.deleteWhere((entry) => entry.tenantId === tenantId)
    this.#flights.clear()
  }

  #fly(key: string, load: () => Promise<Member | undefined>, validity: Omit<Remembered, 'member'>): Promise<Member | undefined> {
    const flight: Promise<Member | undefined> = load().then(
      (member) => {
        if (this.#land(key, flight)) this.#entries.set(key, { ...validity, member })
        return member
      },
      (error: unknown) => {
        this.#land(key, flight)
        throw error
      },
    )
    this.#flights.set(key, flight)
    return flight
  }

  /** True unless a change has dropped this lookup in the meantime. */
  #land(key: string, flight: Promise<Member | undefined>): boolean {
    return this.#flights.get(key) === flight && this.#flights.delete(key)
  }
}
