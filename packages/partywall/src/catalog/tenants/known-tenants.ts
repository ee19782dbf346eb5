/**
 * Tenants under their names, as many names as there is room for. A tenant is kept once, whatever the number of its names, and the one that was looked up last counts for
 * all of them: it is what each of them leads to, while the name itself is valid. Where a tenant is dropped, all of its names are.
 */
import { BoundedMap } from '../../bounded-map.ts'
import { identityOf } from '../../tenant-identity.ts'
import type { Tenant } from '../../types.ts'

/** How long an answer may be given. */
export interface Validity {
  /** On the clock of the cache; without a limit while the period lasts. */
  readonly until: number
  readonly period: object | undefined
}

interface Known<A extends object> {
  tenant: Tenant<A>
  readonly names: Set<string>
}

interface Name extends Validity {
  readonly id: string
}

export class KnownTenants<A extends object> {
  readonly #tenants: BoundedMap<string, Known<A>>
  readonly #names = new Map<string, Name>()

  constructor(maxNames: number) {
    this.#tenants = new BoundedMap(maxNames, (_, { names }) => names.forEach((name) => this.#names.delete(name)))
  }

  /** Undefined where the name is not known, or not any more. */
  get(key: string, now: number, period: object | undefined): Tenant<A> | undefined {
    const name = this.#names.get(key)
    if (name === undefined) return undefined
    const known = this.#tenants.get(name.id)!
    if (isSuspect(known.tenant)) {
      this.#tenants.delete(name.id)
      return undefined
    }
    if (isCurrent(name, now, period)) return known.tenant
    this.#names.delete(key)
    known.names.delete(key)
    return undefined
  }

  /** The names lead to this tenant; one that led to another tenant does so no more. */
  set(names: readonly string[], tenant: Tenant<A>, validity: Validity): void {
    for (const name of names) this.#leave(name, tenant.id)
    const all = new Set([...(this.#tenants.get(tenant.id)?.names ?? []), ...names])
    const kept = [...all].map(
      (name) => [name, names.includes(name) ? { id: tenant.id, ...validity } : this.#names.get(name)!] as const,
    )
    // It weighs what its names weigh. To replace it drops the names, which are put back.
    this.#tenants.set(tenant.id, { tenant, names: all }, all.size)
    for (const [name, entry] of kept) this.#names.set(name, entry)
    if (this.#tenants.get(tenant.id) === undefined) for (const name of all) this.#names.delete(name)
  }

  /** @param isKept for a tenant that is newer than the change */
  forget(id: string, isKept: (tenant: Tenant<A>) => boolean): void {
    const known = this.#tenants.get(id)
    if (known !== undefined && !isKept(known.tenant)) this.#tenants.delete(id)
  }

  clear(): void {
    this.#tenants.clear()
    this.#names.clear()
  }

  #leave(name: string, id: string): void {
    const before = this.#names.get(name)
    if (before === undefined || before.id === id) return
    this.#tenants.get(before.id)?.names.delete(name)
    this.#names.delete(name)
  }
}

export function isCurrent({ until, period: own }: Validity, now: number, period: object | undefined): boolean {
  return now < until || (period !== undefined && own === period)
}

/** The server has refused the schema of this tenant: the catalog may know it under another name by now. */
function isSuspect(tenant: Tenant<any>): boolean {
  return identityOf(tenant)?.isSuspect === true
}
