/**
 * Tenants that were looked up recently, so that most requests cost no query for their tenant.
 *
 * - Bounded. Answers "there is no such tenant" are kept apart, so that requests for made-up names cannot push out real tenants.
 * - Single flight: a lookup of a key that is being looked up waits for the running query.
 * - A change in this process drops the entries of the tenant, and every running lookup: its query may have started before the change.
 *   Its callers still get its answer, but the answer is not cached. A lookup that failed is never cached.
 */
import type { Attributes, Tenant } from '../../types.ts'

export interface TenantCacheOptions {
  /** Milliseconds for which an answer is cached; 0 caches nothing. */
  readonly ttlMs: number
  /** Most names of tenants kept. @default 9000 */
  readonly maxFound?: number
  /** Most names kept that no tenant has. @default 1000 */
  readonly maxMissing?: number
  /** A monotonic clock, in milliseconds. @default performance.now */
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

  /** The answer for this key, from `load` when it is not cached. */
  get(key: string, load: () => Promise<Answer<A>>): Promise<Answer<A>> {
    if (this.#ttlMs === 0) return load()
    const now = this.#now()
    const known = this.#found.get(key, now) ?? this.#missing.get(key, now)
    if (known !== undefined) return Promise.resolve(known.value)
    return this.#flights.get(key) ?? this.#fly(key, load)
  }

  /** Drops a tenant under all its names, every "there is no such tenant", and the running lookups. Costs a walk through all names. */
  forget(tenantId: string): void {
    this.#found.deleteWhere((tenant) => tenant.id === tenantId)
    this.#missing.clear()
    this.#flights.clear()
  }

  /** Drops everything. */
  clear(): void {
    this.#found.clear()
    this.#missing.clear()
    this.#flights.clear()
  }

  #fly(key: string, load: () => Promise<Answer<A>>): Promise<Answer<A>> {
    const asked = this.#now()
    const flight: Promise<Answer<A>> = load().then(
      (tenant) => {
        // The age counts from the start of the query: the answer may be as old as that.
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

  /** True unless a change has dropped this lookup in the meantime. */
  #land(key: string, flight: Promise<Answer<A>>): boolean {
    return this.#flights.get(key) === flight && this.#flights.delete(key)
  }

  #remember(key: string, tenant: Answer<A>, until: number): void {
    if (tenant === undefined) return this.#missing.set(key, undefined, until)
    for (const name of [key, `id ${tenant.id}`, `schema ${tenant.schema}`]) this.#found.set(name, tenant, until)
  }
}

/** A bounded map that drops the least recently used entry, and entries that are too old. */
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
    // A Map keeps the order of insertion: the first key is the least recently used one.
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value!)
  }

  deleteWhere(matches: (value: V) => boolean): void {
    for (const [key, { value }] of this.#entries) if (matches(value)) this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
