/**
 * A mark on the middlewares of partywall, by which `partywall check --app` finds them among those of an application. The mark is a property of the function, because
 * frameworks keep the function and forget where it came from; its name is for frameworks that show only names.
 */

// Shared by all copies of the package in a process.
const mark = Symbol.for('partywall.http.middleware')
const made = Symbol.for('partywall.http.admissions')

export type MiddlewareMark = 'scope' | 'errors'

/** As the middleware is called in the lists that frameworks print. */
export const scopeName = 'partywallTenantScope'

/**
 * Marks a middleware or hook that enters the scope of the tenant, for `partywall check --app`. Returns the same function.
 * @example app.addHook('onRequest', markScope((request, reply, done) => { … }))
 */
export function markScope<F extends (...args: any[]) => unknown>(middleware: F): F {
  Object.defineProperty(middleware, 'name', { value: scopeName, configurable: true })
  return withMark(middleware, 'scope')
}

/** Marks an error handler that answers the errors of partywall. */
export function markErrors<F extends (...args: any[]) => unknown>(handler: F): F {
  return withMark(handler, 'errors')
}

export function markOf(handler: unknown): MiddlewareMark | undefined {
  return typeof handler === 'function' ? (Reflect.get(handler, mark) as MiddlewareMark | undefined) : undefined
}

/** Counts the functions that decide about requests: an application that has one, and no marked middleware, wraps it in a function of its own. */
export function countAdmission(): void {
  Reflect.set(globalThis, made, admissionsMade() + 1)
}

export function admissionsMade(): number {
  return (Reflect.get(globalThis, made) as number | undefined) ?? 0
}

function withMark<F extends (...args: any[]) => unknown>(middleware: F, as: MiddlewareMark): F {
  return Object.defineProperty(middleware, mark, { value: as, configurable: true })
}
