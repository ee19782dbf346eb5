/**
 * How a client learns which pool has made it. pg-pool constructs its clients itself, from a class and options; libraries construct
 * clients from the same two (Kysely, to cancel a query), and no pool takes those back.
 */
import type { ClientConfig } from 'pg'
import type { Binder } from '../binding/binder.ts'

/** The key under which a pool passes its binder to the clients it makes. */
export const binderKey = Symbol('partywall.binder')

export interface TenantClientConfig extends ClientConfig {
  [binderKey]?: Binder
}

let isMaking = false

/** Runs `make`; the clients that it constructs are the pool's own. */
export function makingForPool<T>(make: () => T): T {
  isMaking = true
  try {
    return make()
  } finally {
    isMaking = false
  }
}

export function isPoolMaking(): boolean {
  return isMaking
}
