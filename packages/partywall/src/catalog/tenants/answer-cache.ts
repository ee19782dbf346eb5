/**
 * Answers about tenants that were looked up recently, such as that a user is a member of one, so that most requests cost no query for them. As the cache of
 * tenants: bounded, one lookup at a time for each key, and an answer is cached until a change of what it says about its tenant is announced, else for `ttlMs`.
 */
import { BoundedMap } from '../../bounded-map.ts'
import { Flights } from './flights.ts'

export interface AnswerCacheOptions {
  /** Milliseconds for which an answer is cached while changes are not seen; 0 caches nothing. */
  readonly ttlMs: number
  /** Names the period in which every change is announced. */
  readonly period: () => object | undefined
}

interface Remembered<T> {
  readonly tenantId: string
  readonly answer: T
  readonly until: number
  readonly period: object | undefined
}

const mostEntries = 10_000

export class AnswerCache<T> {
  readonly #options: AnswerCacheOptions
  readonly #entries = new BoundedMap<string, Remembered<T>>(mostEntries)
  readonly #flights = new Flights()

  constructor(options: AnswerCacheOptions) {
    this.#options = options
  }

  /** The answer to this question about this tenant, from `load` when it is not cached. */
  get(tenantId: string, question: string, load: () => Promise<T>): Promise<T> {
    const { ttlMs, period: currentPeriod } = this.#options
    if (ttlMs === 0) return load()
    const now = performance.now()
    const period = currentPeriod()
    // The id of a tenant has no space.
    const key = `${tenantId} ${question}`
    const entry = this.#entries.get(key)
    const isCurrent = entry !== undefined && (now < entry.until || (period !== undefined && entry.period === period))
    if (isCurrent) return Promise.resolve(entry.answer)
    return this.#flights.fly(key, load, (answer) => this.#entries.set(key, { tenantId, until: now + ttlMs, period, answer }))
  }

  /** Drops what is known of a tenant, or of all, and every running lookup: it may have started before the change. */
  forget(tenantId: string | undefined): void {
    if (tenantId === undefined) this.#entries.clear()
    else this.#entries.deleteWhere((entry) => entry.tenantId === tenantId)
    this.#flights.drop()
  }
}
