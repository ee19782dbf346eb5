/**
 * The current tenant. A scope is entered only by running a function in it, and left when that function returns: there is no "set", so
 * no code can forget to unset it. Promises, timers and microtasks carry the scope (AsyncLocalStorage).
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { TenancyError } from '../errors.ts'
import { Observation } from '../observation.ts'
import type { Attributes, Tenant } from '../types.ts'

/** What `tenancy.scope()` returns inside a scope. */
export type ScopeValue<A extends object = Attributes> =
  | { readonly kind: 'tenant'; readonly tenant: Tenant<A> }
  | { readonly kind: 'shared' }

const sharedScope: ScopeValue<never> = Object.freeze({ kind: 'shared' })

export class Scope<A extends object = Attributes> {
  /** `null`: outside every scope on purpose. Undefined: no scope was entered, so that the one in which the process starts counts. */
  readonly #storage = new AsyncLocalStorage<ScopeValue<A> | null | undefined>()
  readonly #observation: Observation
  #start: ScopeValue<A> | undefined
  #findStart: (() => Promise<Tenant<A>>) | undefined
  #arriving: Promise<void> | undefined

  /** @param observation hears of each entry */
  constructor(observation = new Observation({})) {
    this.#observation = observation
  }

  /**
   * Code outside every scope of this process belongs to one tenant, which is looked up when it is first needed.
   * @param find rejects when there is no such tenant; it is then called again by the next one that needs it
   */
  startIn(find: () => Promise<Tenant<A>>): void {
    this.#findStart = find
  }

  /** Resolves when the tenant of code outside every scope is known. Undefined where there is nothing to wait for: almost always. */
  arriving(): Promise<void> | undefined {
    if (this.#findStart === undefined || this.#storage.getStore() !== undefined) return undefined
    return (this.#arriving ??= this.#arrive(this.#findStart))
  }

  async #arrive(find: () => Promise<Tenant<A>>): Promise<void> {
    try {
      this.#start = Object.freeze({ kind: 'tenant', tenant: await find() })
      this.#findStart = undefined
    } finally {
      this.#arriving = undefined
    }
  }

  /** Runs `fn` with this tenant as the current one. Nothing stays behind, whether `fn` returns or throws. */
  run<T>(tenant: Tenant<A>, fn: () => T): T {
    return this.#enter(Object.freeze({ kind: 'tenant', tenant }), fn)
  }

  /** Runs `fn` with the shared schema and no tenant. */
  runShared<T>(fn: () => T): T {
    return this.#enter(sharedScope, fn)
  }

  #enter<T>(value: ScopeValue<A>, fn: () => T): T {
    if (!this.#observation.watchesScopes) return this.#storage.run(value, fn)
    return this.#storage.run(value, () => this.#observation.scope(value, fn))
  }

  /** Runs `fn` outside every scope: the sockets and timers that it starts carry no tenant. */
  runOutside<T>(fn: () => T): T {
    return this.#storage.run(null, fn)
  }

  /** The current scope, or undefined outside every scope. */
  value(): ScopeValue<A> | undefined {
    const store = this.#storage.getStore()
    return store === undefined ? this.#start : (store ?? undefined)
  }

  /** The current tenant, or undefined in the shared scope and outside every scope. */
  tryCurrent(): Tenant<A> | undefined {
    const value = this.value()
    return value?.kind === 'tenant' ? value.tenant : undefined
  }

  /**
   * The current tenant.
   * @throws TenancyError NO_TENANT
   */
  current(): Tenant<A> {
    const value = this.value()
    if (value?.kind === 'tenant') return value.tenant
    throw new TenancyError(
      'NO_TENANT',
      value === undefined
        ? 'There is no tenant here: this code runs outside every scope. Enter one with tenancy.run(tenant, fn) or an adapter, ' +
            'and wrap callbacks of sockets and timers with tenancy.bind(fn).'
        : 'There is no tenant here: this code runs in the shared scope. Call it inside tenancy.run(tenant, fn).',
      { details: { scope: value?.kind ?? 'none' } },
    )
  }

  /** A function that runs `fn` in the current scope, whenever and wherever it is called. */
  bind<Args extends unknown[], R>(fn: (...args: Args) => R): (...args: Args) => R {
    const store = this.#storage.getStore()
    return (...args) => this.#storage.run(store, () => fn(...args))
  }
}
