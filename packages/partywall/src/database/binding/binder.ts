/** Which binding a statement gets: that of the current scope, or the one that the pool is made for. */
import { TenancyError } from '../../errors.ts'
import type { Scope } from '../../scope/scope.ts'
import type { Binding, Bindings } from './binding.ts'

export interface Binder {
  /** The binding of the caller. @throws TenancyError NO_TENANT where it has none and that is to be refused */
  capture(): Binding
  /** The binding of the current scope; undefined outside every scope. */
  tryCapture(): Binding | undefined
  /** What `capture` has to wait for. Undefined where there is nothing: almost always. */
  arriving?(): Promise<void> | undefined
  /** The binding of statements that prepare a connection before any tenant has it. */
  readonly shared: Binding
  /** The binding of a statement that only signals another session of the same login: no role of a tenant may do that. */
  readonly signal: Binding
  /** Runs `fn` outside every scope: sockets opened in it carry no tenant into their events. */
  outside<T>(fn: () => T): T
}

/** The binder of `tenancy.pool`: each statement belongs to the scope that issues it. */
export function scopeBinder(scope: Scope<any>, bindings: Bindings, outsideScope: 'refuse' | 'shared'): Binder {
  const tryCapture = (): Binding | undefined => {
    const value = scope.value()
    if (value === undefined) return undefined
    return value.kind === 'tenant' ? bindings.ofTenant(value.tenant) : bindings.shared
  }
  return {
    shared: bindings.shared,
    signal: bindings.deploy.qualified,
    tryCapture,
    arriving: () => scope.arriving(),
    capture() {
      const binding = tryCapture() ?? (outsideScope === 'shared' ? bindings.shared : undefined)
      if (binding !== undefined) return binding
      throw new TenancyError(
        'NO_TENANT',
        'A statement came from outside every scope, so its tenant is unknown; it was not sent. Run it inside ' +
          'tenancy.run(tenant, fn) or tenancy.runShared(fn), use tenancy.sharedPool, or set outsideScope: "shared".',
        { details: { scope: 'none' } },
      )
    },
    outside: (fn) => scope.runOutside(fn),
  }
}

/** The binder of a pool that has one binding, whatever the scope: `tenancy.sharedPool`. */
export function fixedBinder(binding: Binding, scope: Scope<any>): Binder {
  return {
    shared: binding,
    signal: binding,
    capture: () => binding,
    tryCapture: () => binding,
    outside: (fn) => scope.runOutside(fn),
  }
}

/** The binder of a pool whose callers name the binding of each statement: no scope contradicts them. */
export function unscopedBinder(shared: Binding, scope: Scope<any>): Binder {
  return { shared, signal: shared, capture: () => shared, tryCapture: () => undefined, outside: (fn) => scope.runOutside(fn) }
}
