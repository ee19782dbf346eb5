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

export interface TenantCacheOptions {
  /** Milliseconds for which an answer is cached while changes are not seen; 0 caches nothing. */
  readonly ttlMs: number
  /** Most names of tenants kept. @default 9000 */
  readonly maxFound?: number
  /** Most names kept that no tenant has. @default 1000 */
  readonly maxMissing?: number
  /** Names the period in which every change is announced; what was looked up in it stays right until then. @default none */
  readonly period?: (() => object | undefined) | undefined
  /** A monotonic clock, in milliseconds. @default performance.now */
  readonly now?: () => number
}

type Answer<A extends object> = Tenant<A> | undefined

interface Remembered<T> {
  readonly value: T
  /** As `now` counts; without a limit while the period lasts. */
  readonly until: number
  readonly period: object | undefined
}

export class TenantCache<A extends object = Attributes> {
  readonly #ttlMs: number
  readonly #now: () => number
  readonly #period: () => object | undefined
  readonly #found: BoundedMap<string, Remembered<Tenant<A>>>
  readonly #missing: BoundedMap<string, Remembered<undefined>>
  readonly #flights = new Map<string, Promise<Answer<A>>>()

  constructor({ ttlMs, maxFound = 9000, maxMissing = 1000, period, now }: TenantCacheOptions) {
    this.#ttlMs = ttlMs
    this.#period = period ?? (() => undefined)
    this.#now = now ?? (() => performance.now())
    this.#found = new BoundedMap(maxFound)
    this.#missing = new BoundedMap(maxMissing)
  }

  /** The answer for this key, from `load` when it is not cached. */
  get(key: string, load: () => Promise<Answer<A>>): Promise<Answer<A>> {
    if (this.#ttlMs === 0) return load()
    const now = this.#now()
    const period = this.#period()
    const known = current(this.#found, key, now, period) ?? current(this.#missing, key, now, period)
    if (known !== undefined) return Promise.resolve(known.value)
    return this.#flights.get(key) ?? this.#fly(key, load, now, period)
  }

  /**
   * Drops a tenant under all its names, every "there is no such tenant", and the running lookups. Costs a walk through all names.
   * @param revision keeps a tenant that was looked up with this revision or a later one
   */
  forget(tenantId: string, revision = Infinity): void {
    this.#found.deleteWhere(({ value }) => value.id === tenantId && !((identityOf(value)?.revision ?? -1) >= revision))
    this.#missing.clear()
    this.#flights.clear()
  }

  forgetAll(): void {
    this.#found.clear()
    this.#missing.clear()
    this.#flights.clear()
  }

  #fly(key: string, load: () => Promise<Answer<A>>, asked: number, period: object | undefined): Promise<Answer<A>> {
    const flight: Promise<Answer<A>> = load().then(
      (tenant) => {
        // The age counts from the start of the query: the answer may be as old as that.
        if (this.#land(key, flight)) this.#remember(key, tenant, { until: asked + this.#ttlMs, period })
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

  #remember(key: string, tenant: Answer<A>, validity: Omit<Remembered<unknown>, 'value'>): void {
    if (tenant === undefined) return this.#missing.set(key, { value: undefined, ...validity })
    for (const name of [key, `id ${tenant.id}`, `schema ${tenant.schema}`]) this.#found.set(name, { value: tenant, ...validity })
  }
}

/** The server has refused the schema of this tenant: the catalog may know it under another name by now. */
function isSuspect(value: Tenant<any> | undefined): boolean {
  return value !== undefined && identityOf(value)?.isSuspect === true
}

function current<T extends Tenant<any> | undefined>(
  entries: BoundedMap<string, Remembered<T>>,
  key: string,
  now: number,
  period: object | undefined,
): Remembered<T> | undefined {
  const entry = entries.get(key)
  if (entry === undefined) return undefined
  const isCurrent = now < entry.until || (period !== undefined && entry.period === period)
  if (isCurrent && !isSuspect(entry.value)) return entry
  entries.delete(key)
  return undefined
}
