/**
 * Tenants that were looked up recently, so that most requests cost no query for their tenant.
 *
 * - Bounded. Answers "there is no such tenant" are kept apart, so that requests for made-up names cannot push out real tenants.
 * - Single flight: a lookup of a key that is being looked up waits for the running query.
 * - A change in this process drops the entries of the tenant, and every running lookup: its query may have started before the change.
 *   Its callers still get its answer, but the answer is not cached. A lookup that failed is never cached.
 * - While every change is announced, an answer is cached until it is dropped; else for `ttlMs`.
 * - A tenant whose schema the server has refused is looked up again.
 */
import { BoundedMap } from '../../bounded-map.ts'
import { identityOf } from '../../tenant-identity.ts'
import type { Attributes, Tenant } from '../../types.ts'
import { isCurrent, KnownTenants, type Validity } from './known-tenants.ts'
import { Flights } from './flights.ts'

export interface TenantCacheOptions {
  /** Milliseconds for which an answer is cached while changes are not seen; 0 caches nothing. */
  readonly ttlMs: number
  /** Most names of tenants kept: enough for 10,000 tenants with 30,000 domains. @default 60_000 */
  readonly maxFound?: number
  /** Most names kept that no tenant has. @default 1000 */
  readonly maxMissing?: number
  /** Names the period in which every change is announced; what was looked up in it stays right until then. @default none */
  readonly period?: (() => object | undefined) | undefined
  /** Is told of each answer whether it was cached. */
  readonly onLookUp?: ((isCached: boolean) => void) | undefined
  /** A monotonic clock, in milliseconds. @default performance.now */
  readonly now?: () => number
}

type Answer<A extends object> = Tenant<A> | undefined

/** The tenant that has one of several names, and the place of the name among them. */
export interface Found<A extends object> {
  readonly tenant: Tenant<A>
  readonly index: number
}

export class TenantCache<A extends object = Attributes> {
  readonly #ttlMs: number
  readonly #now: () => number
  readonly #onLookUp: (isCached: boolean) => void
  readonly #period: () => object | undefined
  readonly #found: KnownTenants<A>
  readonly #missing: BoundedMap<string, Validity>
  /** Of a name, with its tenant; or of the first of several, which begins with "first of", with what was found. */
  readonly #flights = new Flights()

  constructor({ ttlMs, maxFound = 60_000, maxMissing = 1000, period, now, onLookUp }: TenantCacheOptions) {
    this.#onLookUp = onLookUp ?? (() => {})
    this.#ttlMs = ttlMs
    this.#period = period ?? (() => undefined)
    this.#now = now ?? (() => performance.now())
    this.#found = new KnownTenants(maxFound)
    this.#missing = new BoundedMap(maxMissing)
  }

  /** The answer for this key, from `load` when it is not cached. */
  get(key: string, load: () => Promise<Answer<A>>): Promise<Answer<A>> {
    if (this.#ttlMs === 0) return this.#loading(load)
    const now = this.#now()
    const period = this.#period()
    const found = this.#found.get(key, now, period)
    if (found !== undefined || this.#isMissing(key, now, period)) {
      this.#onLookUp(true)
      return Promise.resolve(found)
    }
    this.#onLookUp(false)
    // The age of an answer counts from the start of the query: the answer may be as old as that.
    const validity = { until: now + this.#ttlMs, period }
    return this.#flights.fly(key, load, (tenant) => this.#remember(key, tenant, validity))
  }

  /** The tenant of this name, if it is cached. */
  peek(key: string): Tenant<A> | undefined {
    const found = this.#ttlMs === 0 ? undefined : this.#found.get(key, this.#now(), this.#period())
    if (found !== undefined) this.#onLookUp(true)
    return found
  }

  #loading<T>(load: () => Promise<T>): Promise<T> {
    this.#onLookUp(false)
    return load()
  }

  /**
   * The tenant that has the first of these names that one has.
   * @param load looks up those that are not cached, in one query: it gets their places, in order
   */
  async first(
    keys: readonly string[],
    load: (places: readonly number[]) => Promise<Found<A> | undefined>,
  ): Promise<Found<A> | undefined> {
    const now = this.#now()
    const period = this.#period()
    const places: number[] = []
    for (const [index, key] of keys.entries()) {
      const tenant = this.#ttlMs === 0 ? undefined : this.#found.get(key, now, period)
      // A name before it may be that of another tenant.
      if (tenant !== undefined && places.length === 0) {
        this.#onLookUp(true)
        return { tenant, index }
      }
      if (this.#ttlMs === 0 || !this.#isMissing(key, now, period)) places.push(index)
    }
    if (places.length === 0) {
      this.#onLookUp(true)
      return undefined
    }
    if (this.#ttlMs === 0) return this.#loading(() => load(places))
    this.#onLookUp(false)
    const names = places.map((place) => keys[place]!)
    const validity = { until: now + this.#ttlMs, period }
    return this.#flights.fly(
      `first of ${names.join(', ')}`,
      () => load(places),
      (found) => {
        const end = found === undefined ? names.length : places.indexOf(found.index)
        for (const name of names.slice(0, end)) this.#remember(name, undefined, validity)
        if (found !== undefined) this.#remember(names[end]!, found.tenant, validity)
      },
    )
  }

  /**
   * Drops a tenant under all its names, every "there is no such tenant", and the running lookups.
   * @param revision keeps a tenant that was looked up with this revision or a later one
   */
  forget(tenantId: string, revision = Infinity): void {
    this.#found.forget(tenantId, (tenant) => (identityOf(tenant)?.revision ?? -1) >= revision)
    this.#missing.clear()
    this.#flights.drop()
  }

  forgetAll(): void {
    this.#found.clear()
    this.#missing.clear()
    this.#flights.drop()
  }

  #remember(key: string, tenant: Answer<A>, validity: Validity): void {
    if (tenant === undefined) this.#missing.set(key, validity)
    else this.#found.set([key, `id ${tenant.id}`, `schema ${tenant.schema}`], tenant, validity)
  }

  #isMissing(key: string, now: number, period: object | undefined): boolean {
    const validity = this.#missing.get(key)
    if (validity === undefined) return false
    if (isCurrent(validity, now, period)) return true
    this.#missing.delete(key)
    return false
  }
}
