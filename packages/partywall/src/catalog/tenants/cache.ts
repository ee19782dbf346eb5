/**
 * Tenants that were looked up lately, so that a request costs no query for its tenant.
 *
 * - Bounded: answers "there is none" live apart, so that a stranger who asks for made-up names cannot push the real tenants out.
 * - Single flight: who misses while the same question is under way waits for its answer.
 * - A change on this process clears what is known of the tenant, and disowns the questions under way: they may have been asked
 *   before the change. They still answer, but are not believed any longer. A question that failed is never remembered.
 */
import type { Attributes, Tenant } from '../../types.ts'

export interface TenantCacheOptions {
  /** Milliseconds for which an answer is believed; 0 asks every time. */
  readonly ttlMs: number
  /** Most names of tenants kept. @default 9000 */
  readonly maxFound?: number
  /** Most names kept of which it is known that no tenant has them. @default 1000 */
  readonly maxMissing?: number
  /** Milliseconds of a clock that never goes back. @default performance.now */
  readonly now?: () => number
}

type Answer<A extends object> = Tenant<A> | undefined

export class TenantCache<A extends object = Attributes> {
  readonly #ttlMs: number
  readonly #now: () => number
  readonly #found: Recent<Tenant<A>>
  readonly #missing: Recent<undefined>
  readonly #flights = new Map<string, Promise<Answer<A>>>()

  constructor({ ttlMs, maxFound = 9000, maxMissing = 1000, now = () => performance.now() }: TenantCacheOptions) {
    this.#ttlMs = ttlMs
    this.#now = now
    this.#found = new Recent(maxFound)
    this.#missing = new Recent(maxMissing)
  }

  /** The answer for this key, from `load` when it is not known. */
  get(key: string, load: () => Promise<Answer<A>>): Promise<Answer<A>> {
    if (this.#ttlMs === 0) return load()
    const now = this.#now()
    const known = this.#found.get(key, now) ?? this.#missing.get(key, now)
    if (known !== undefined) return Promise.resolve(known.value)
    return this.#flights.get(key) ?? this.#fly(key, load)
  }

  /** Forgets a tenant under all its names, every "there is none", and the questions under way. Costs a walk through the names. */
  forget(tenantId: string): void {
    this.#found.deleteWhere((tenant) => tenant.id === tenantId)
    this.#missing.clear()
    this.#flights.clear()
  }

  /** Forgets everything. */
  clear(): void {
    this.#found.clear()
    this.#missing.clear()
    this.#flights.clear()
  }

  #fly(key: string, load: () => Promise<Answer<A>>): Promise<Answer<A>> {
    const asked = this.#now()
    const flight: Promise<Answer<A>> = load().then(
      (tenant) => {
        // The age counts from the question: the answer may be as old as that.
        if (this.#land(key, flight)) this.#remember(key, tenant, asked + this.#ttlMs)
        return tenant
      },
      (error: unknown) => {
        this.#land(key, flight)
        throw error
      },
    )
    this.#flights.set(key, flight)
    return flight
  }

  /** True when nothing has disowned this flight. */
  #land(key: string, flight: Promise<Answer<A>>): boolean {
    return this.#flights.get(key) === flight && this.#flights.delete(key)
  }

  #remember(key: string, tenant: Answer<A>, until: number): void {
    if (tenant === undefined) return this.#missing.set(key, undefined, until)
    for (const name of [key, `id ${tenant.id}`, `schema ${tenant.schema}`]) this.#found.set(name, tenant, until)
  }
}

/** A bounded map that drops what was not asked for longest, and what is too old. */
class Recent<V> {
  readonly #max: number
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>()

  constructor(max: number) {
    this.#max = max
  }

  get(key: string, now: number): { readonly value: V } | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.until <= now) return undefined
    this.#entries.set(key, entry)
    return entry
  }

  set(key: string, value: V, until: number): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, until })
    // A Map keeps the order of insertion: the first key is the one not asked for longest.
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value!)
  }

  deleteWhere(matches: (value: V) => boolean): void {
    for (const [key, { value }] of this.#entries) if (matches(value)) this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
