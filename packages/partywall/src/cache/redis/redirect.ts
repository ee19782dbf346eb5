/** What both clients share: whose keys a call means, and that a batch stays with the tenant that began it. */
import { TenancyError } from '../../errors.ts'
import type { Prefixes } from './rewrite.ts'

export interface Redirect {
  /** Of the running scope. @throws TenancyError NO_TENANT, TENANT_CHANGED */
  prefixes(): Prefixes
  bind<Args extends unknown[], R>(fn: (...args: Args) => R): (...args: Args) => R
}

/** The same for what goes on after the call, such as a stream: it stays with the tenant of the call. */
export function pinned(redirect: Redirect): Redirect {
  const prefixes = redirect.prefixes()
  return { prefixes: () => prefixes, bind: (fn) => redirect.bind(fn) }
}

/** Passes only in the scope in which the batch was begun. @throws TenancyError WRONG_TENANT */
export function assertSameTenant(redirect: Redirect, begun: Prefixes): Prefixes {
  const now = redirect.prefixes()
  if (now.key === begun.key) return begun
  throw new TenancyError(
    'WRONG_TENANT',
    'These commands were collected for one tenant, and go on in the scope of another. Begin a new batch in each scope.',
    {
      details: { owner: begun.key, now: now.key },
    },
  )
}

/** A name that a Proxy must answer with undefined: `then`, or await would call it. */
export function isForeign(property: string | symbol): property is symbol {
  return typeof property === 'symbol' || property === 'then' || property === 'toJSON'
}
