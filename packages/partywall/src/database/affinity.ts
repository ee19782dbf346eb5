/**
 * Sends a tenant to the connections that know it, where that costs no waiting. A PostgreSQL backend never forgets a relation that it has
 * touched: if every backend serves every tenant, each grows by all tenants' tables, and reads each of them anew when it is replaced. So
 * among the idle connections one is taken that has served the tenant before. Where there is none, the one with the highest hash of tenant
 * and connection learns it (rendezvous hashing): each tenant has an order of preference of its own, and a connection that comes or
 * goes moves few tenants. One that knows as many tenants as it may is only taken by a stranger who has waited a while for a better one:
 * it is replaced afterwards, and all that it knew must be read anew by another.
 */

/** A client of the pool. */
export interface PoolMember {
  /** Its own for life, and spread over 32 bits. */
  readonly affinitySeed: number
  /** The keys of the bindings that it has served. */
  readonly served: ReadonlySet<string>
}

/** For whom a connection is wanted; the slice of a binding that the choice is made by. */
export interface Wanted {
  readonly key: string
  readonly keyHash: number
}

/** Who waits for a connection; pg-pool keeps no more of it than the first two. */
interface Waiter {
  readonly callback: (...args: any[]) => void
  timedOut: boolean
  /** Absent where any connection will do. */
  wanted?: Wanted
  /** Until when it waits for a connection that is worth it; as performance.now() counts. */
  patientUntil?: number
}

/** What a pool should do for whoever waits: take the last of its idle connections, open one more, or wait for one that comes back. */
export type Advice = 'take' | 'open' | 'wait'

/** Milliseconds for which a stranger waits before a connection is given up for it. To open another one takes longer. */
export const patienceMillis = 5

/** A tenant that so many connections know waits for one of them rather than teach another. */
const enoughConnections = 4

/** How many of those who wait are considered for a connection that comes back. */
const longestLook = 50

/** The slice of pg-pool's insides that this leans on; there is no public way to choose among idle connections. */
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
  const { _clients, _idle, _pendingQueue, _pulseQueue } = pool as Partial<PoolInternals>
  return [_clients, _idle, _pendingQueue].every(Array.isArray) && typeof _pulseQueue === 'function'
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

/**
 * Has the pool call `take` with a connection, at once when one is idle that suits and nobody waits. Otherwise `enqueue` makes pg-pool
 * open a connection or put a waiter into its queue, with the time limit that a waiter has.
 */
export function takePreferred(
  pool: PoolInternals,
  wanted: Wanted,
  maxTenants: number,
  take: (...args: any[]) => void,
  enqueue: () => void,
): void {
  const waiters = pool._pendingQueue
  if (waiters.length === 0 && pool._idle.length > 0 && !pool.ending) {
    const advice = arrange(pool, wanted, maxTenants)
    if (advice === 'open') return pool.newClient({ callback: take, timedOut: false })
    if (advice === 'take') {
      waiters.push({ callback: take, timedOut: false })
      return pool._pulseQueue()
    }
  }
  const before = waiters.length
  enqueue()
  if (waiters.length > before) waiters.at(-1)!.wanted = wanted
}

/** Brings a waiter and a connection together, if there are some: puts the waiter first, and the connection last. */
export function pair(pool: PoolInternals, maxTenants: number): Advice {
  const waiters = pool._pendingQueue
  if (pool._idle.length === 0 || waiters.length === 0) return 'take'
  const look = Math.min(waiters.length, longestLook)
  for (let index = 0; index < look; index++) {
    const waiter = waiters[index]!
    const advice = waiter.wanted === undefined ? 'take' : arrange(pool, waiter.wanted, maxTenants, waiter)
    if (advice === 'wait') continue
    if (index > 0) waiters.unshift(...waiters.splice(index, 1))
    return advice
  }
  return 'wait'
}

/**
 * Puts the idle connection that suits best where the pool takes the next one from: the end of its list. It opens one more instead, where
 * there is room and all idle ones know as many tenants as they may, or the tenant's favourite is busy: a new one makes the choice wider
 * from here on.
 */
function arrange({ _clients, _idle, options }: PoolInternals, wanted: Wanted, maxTenants: number, waiter?: Waiter): Advice {
  let best = 0
  let bestFit = -1
  let bestScore = -1
  let favouriteScore = -1
  for (let index = 0; index < _idle.length; index++) {
    const { served, affinitySeed } = _idle[index]!.client
    const fit = served.has(wanted.key) ? 2 : served.size < maxTenants ? 1 : 0
    const score = mix(wanted.keyHash ^ affinitySeed)
    if (score > favouriteScore) favouriteScore = score
    if (fit > bestFit || (fit === bestFit && score > bestScore)) {
      best = index
      bestFit = fit
      bestScore = score
    }
  }
  if (_clients.length < options.max) {
    if (bestFit === 0) return 'open'
    if (_clients.some(({ affinitySeed }) => mix(wanted.keyHash ^ affinitySeed) > favouriteScore)) return 'open'
  } else if (bestFit < 2 && _clients.length > _idle.length && (bestFit === 0 || isWidelyKnown(wanted, _clients)) && isPatient(waiter)) {
    return 'wait'
  }
  const [item] = _idle.splice(best, 1)
  _idle.push(item!)
  return 'take'
}

function isWidelyKnown({ key }: Wanted, clients: readonly PoolMember[]): boolean {
  let known = 0
  for (const { served } of clients) if (served.has(key)) known += 1
  return known >= enoughConnections
}

/** Who comes first has just begun to wait. */
function isPatient(waiter: Waiter | undefined): boolean {
  if (waiter === undefined) return true
  const now = performance.now()
  waiter.patientUntil ??= now + patienceMillis
  return now < waiter.patientUntil
}

let members = 0

/** The number of a new connection. */
export function nextAffinitySeed(): number {
  members += 1
  return mix(members)
}

/** FNV-1a over UTF-16 code units. */
export function hashText(text: string): number {
  let hash = 0x81_1c_9d_c5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01_00_01_93)
  return hash >>> 0
}

/** Spreads neighbouring numbers over 32 bits (the finalizer of MurmurHash3). */
function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35)
  return (hash ^ (hash >>> 16)) >>> 0
}
