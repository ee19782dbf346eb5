/**
 * Sends a tenant to the connections it was on before, where that costs no waiting. A PostgreSQL backend never forgets a relation that
 * it has touched: if every backend serves every tenant, each grows by all tenants' tables. So among the idle connections the one
 * with the highest hash of tenant and connection is taken (rendezvous hashing): each tenant has an order of preference of its own,
 * and a connection that comes or goes moves few tenants.
 */

/** A client of the pool. Its number is its own for life, and spread over 32 bits. */
export interface PoolMember {
  readonly affinitySeed: number
}

/** Who waits for a connection; pg-pool keeps no more of it than these two. */
interface Waiter {
  readonly callback: (...args: any[]) => void
  timedOut: boolean
  /** For whom, where that is known. */
  keyHash?: number
}

/** The slice of pg-pool's insides that this leans on; there is no public way to choose among idle connections. */
export interface PoolInternals {
  readonly ending: boolean
  readonly _clients: readonly PoolMember[]
  readonly _idle: { readonly client: PoolMember }[]
  readonly _pendingQueue: Waiter[]
  readonly options: { readonly max: number }
  _pulseQueue(): void
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
 * Has the pool call `take` with a connection, at once when one is idle and nobody waits. Otherwise `enqueue` makes pg-pool open a
 * connection or put a waiter into its queue, with the time limit that a waiter has.
 */
export function takePreferred(pool: PoolInternals, keyHash: number, take: (...args: any[]) => void, enqueue: () => void): void {
  const waiters = pool._pendingQueue
  if (waiters.length === 0 && pool._idle.length > 0 && !pool.ending) {
    waiters.push({ callback: take, timedOut: false, keyHash })
    return pool._pulseQueue()
  }
  const before = waiters.length
  enqueue()
  if (waiters.length > before) waiters.at(-1)!.keyHash = keyHash
}

/**
 * Puts the connection that the first waiter prefers where the pool takes the next one from: the end of its idle list. Gives false
 * when its favourite is busy and there is room for one more: a new connection then makes the choice wider from here on.
 */
export function arrangeIdle({ _clients, _idle, _pendingQueue, options }: PoolInternals): boolean {
  const keyHash = _pendingQueue[0]?.keyHash
  if (keyHash === undefined || _idle.length === 0) return true
  let best = 0
  let bestScore = -1
  for (let index = 0; index < _idle.length; index++) {
    const score = mix(keyHash ^ _idle[index]!.client.affinitySeed)
    if (score > bestScore) {
      best = index
      bestScore = score
    }
  }
  if (_clients.length < options.max && _clients.some(({ affinitySeed }) => mix(keyHash ^ affinitySeed) > bestScore)) return false
  const [item] = _idle.splice(best, 1)
  _idle.push(item!)
  return true
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
