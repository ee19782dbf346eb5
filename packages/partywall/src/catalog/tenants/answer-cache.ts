/**
 * Answers about tenants that were looked up recently, such as that a user is a member of one, so that most requests cost no query for them. As the cache of
 * tenants: bounded, one lookup at a time for each key, and an answer is cached until a change of what it says about its tenant is announced, else for `ttlMs`.
 */
import { BoundedMap } from '../../bounded-map.ts'

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
  readonly #flights = new Map<string, Promise<T>>()

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
    return this.#flights.get(key) ?? this.#fly(key, load, { tenantId, until: now + ttlMs, period })
  }

  /** Drops what is known of a tenant, or of all, and every running lookup: it may have started before the change. */
  forget(tenantId: string | undefined): void {
    if (tenantId === undefined) this.#entries.clear()
    else this.#entries.deleteWhere((entry) => entry.tenantId === tenantId)
    this.#flights.clear()
  }

  #fly(key: string, load: () => Promise<T>, validity: Omit<Remembered<T>, 'answer'>): Promise<T> {
    const flight: Promise<T> = load().then(
      (answer) => {
        if (this.#land(key, flight)) this.#entries.set(key, { ...validity, answer })
        return answer
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
  #land(key: string, flight: Promise<T>): boolean {
    return this.#flights.get(key) === flight && this.#flights.delete(key)
  }
}
