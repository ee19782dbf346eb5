/** The slice of pg-pool's insides that the choice of a connection leans on: there is no public way to choose among those that are idle. */

/** A client of the pool. */
export interface PoolMember {
  /** Its own for life, and spread over 32 bits. */
  readonly affinitySeed: number
  /** The keys of the bindings that it has served. */
  readonly served: ReadonlySet<string>
  /** Nobody holds it. */
  readonly isAtRest: boolean
}

/** For whom a connection is wanted: what of a binding the choice is made by. */
export interface Wanted {
  readonly key: string
  readonly keyHash: number
}

/** Who waits for a connection; pg-pool itself keeps no more of it than the first two. */
export interface Waiter {
  readonly callback: (...args: any[]) => void
  timedOut: boolean
  /** Absent where any connection will do. */
  wanted?: Wanted
  /** Until when it waits for a connection that is worth it; as performance.now() counts. */
  patientUntil?: number
}

export interface PoolInternals {
  readonly ending: boolean
  readonly _clients: readonly PoolMember[]
  readonly _idle: { readonly client: PoolMember }[]
  readonly _pendingQueue: Waiter[]
  readonly options: { readonly max: number }
  _pulseQueue(): void
  newClient(waiter: Waiter): void
}

export function hasPoolInternals(pool: object): pool is PoolInternals {
  const { _clients, _idle, _pendingQueue, _pulseQueue, newClient } = pool as Partial<PoolInternals>
  return (
    [_clients, _idle, _pendingQueue].every(Array.isArray) &&
    [_pulseQueue, newClient].every((method) => typeof method === 'function')
  )
}

let hasWarned = false

/** Once in a process. */
export function warnOfPlainPool(): undefined {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning(
    'This version of pg-pool does not let partywall choose among idle connections: every connection will serve every tenant.',
    { code: 'PARTYWALL_NO_AFFINITY' },
  )
}
