/** The internals of pg-pool that the choice of a connection depends on: it has no public way to choose among idle connections. */

/** A client of the pool. */
export interface PoolMember {
  /** A number of its own, spread over 32 bits. */
  readonly affinitySeed: number
  /** The keys of the bindings that it has served. */
  readonly served: ReadonlySet<string>
  /** It is in the pool. */
  readonly isAtRest: boolean
}

/** What a caller asks for: the part of a binding by which its connection is chosen. */
export interface ConnectionRequest {
  readonly key: string
  readonly keyHash: number
}

export type Take = (...args: any[]) => void

/** A caller that waits for a connection; pg-pool itself has only the first two properties. */
export interface Waiter {
  readonly callback: Take
  timedOut: boolean
  /** Absent where any connection fits. */
  request?: ConnectionRequest
  /** Until when it waits for a better connection, in the time of performance.now(). */
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

/** Emitted once in a process. */
export function warnOfPlainPool(): undefined {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning(
    'This version of pg-pool does not let partywall choose among idle connections, so every connection will serve every tenant and ' +
      'its server process will need more memory. Use a version of pg that partywall is tested with.',
    { code: 'PARTYWALL_NO_AFFINITY' },
  )
}
