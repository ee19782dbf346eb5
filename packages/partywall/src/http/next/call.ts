/**
 * The call of the application that is running: a component, an action or a handler that was entered. Next.js passes a request to handlers only, so the guards find what
 * they need here.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { TenancyError } from '../../errors.ts'

/** What is known of the request behind a call. */
export interface NextCall {
  readonly headers: Headers
  /** In a route handler and in the proxy; components and actions are not given it. */
  readonly request?: Request
}

// Shared by all copies of the package in a process: Next.js puts one into the bundle of each kind of call.
const storageKey = Symbol.for('partywall.next.call')

function storage(): AsyncLocalStorage<NextCall> {
  const kept = Reflect.get(globalThis, storageKey) as AsyncLocalStorage<NextCall> | undefined
  if (kept !== undefined) return kept
  const made = new AsyncLocalStorage<NextCall>()
  Reflect.set(globalThis, storageKey, made)
  return made
}

export function inCall<T>(call: NextCall, fn: () => T): T {
  return storage().run(call, fn)
}

/**
 * @param what the function that asks, for the message
 * @throws TenancyError INVALID_OPTION outside of every call
 */
export function currentCall(what: string): NextCall {
  const call = storage().getStore()
  if (call !== undefined) return call
  throw new TenancyError(
    'INVALID_OPTION',
    `${what} does not know whose request this is: it works inside withTenant, tenantRoute and tenantAction of tenantNext only.`,
    { details: { what } },
  )
}
