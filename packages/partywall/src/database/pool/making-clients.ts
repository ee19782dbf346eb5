/**
 * How a client learns which pool has made it. pg-pool constructs its clients itself, from a class and options; libraries construct
 * clients from the same two (Kysely, to cancel a query), and no pool takes those back.
 */
import type { Client, ClientConfig } from 'pg'
import type { Observation } from '../../observation.ts'
import type { Binder } from '../binding/binder.ts'
import type { Binding } from '../binding/binding.ts'

/** What a client must know of its pool. */
export interface Maker {
  readonly binder: Binder
  readonly observation: Observation
  /** How many named statements the server keeps for one connection. */
  readonly maxPreparedStatements: number
  /** The tenant as whose role the client logs in. Absent: it logs in as the application. */
  readonly loginOf?: Pick<Binding, 'login' | 'label' | 'schema'>
  /** Calls the listeners of the pool's event "connect", and awaits them. */
  readonly prepare: (client: Client) => Promise<void>
}

/** The key under which a pool passes itself to the clients it makes. */
export const makerKey = Symbol('partywall.maker')

export interface TenantClientConfig extends ClientConfig {
  [makerKey]?: Maker
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
