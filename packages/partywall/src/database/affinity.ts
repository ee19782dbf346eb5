/**
 * Sends a tenant to the connections it was on before, where that costs no waiting. A PostgreSQL backend never forgets a relation that
 * it has touched: if every backend serves every tenant, each grows by all tenants' tables. So among the idle connections the one
 * with the highest hash of tenant and connection is taken (rendezvous hashing): each tenant has an order of preference of its own,
 * and a connection that comes or goes moves few tenants.
 */

/** The slice of pg-pool's insides that this leans on; there is no public way to choose among idle connections. */
export interface PoolInternals {
  readonly _idle: { readonly client: object }[]
  readonly _pendingQueue: object[]
}

export function hasPoolInternals(pool: object): pool is PoolInternals {
  const { _idle, _pendingQueue, _pulseQueue } = pool as Partial<PoolInternals> & { _pulseQueue?: unknown }
  return Array.isArray(_idle) && Array.isArray(_pendingQueue) && typeof _pulseQueue === 'function'
}

export class Affinity {
  readonly #keyOfWaiter = new WeakMap<object, number>()
  readonly #seedOfClient = new WeakMap<object, number>()
  #nextSeed = 1

  /** Runs `enqueue`, which may put a waiter into the pool's queue, and remembers whom that waiter is for. */
  enqueue(pool: PoolInternals, keyHash: number, enqueue: () => void): void {
    const before = pool._pendingQueue.length
    enqueue()
    const waiter = pool._pendingQueue.length > before ? pool._pendingQueue.at(-1) : undefined
    if (waiter !== undefined) this.#keyOfWaiter.set(waiter, keyHash)
  }

  /** Puts the connection that the first waiter prefers where the pool takes the next one from: the end of its idle list. */
  arrange({ _idle, _pendingQueue }: PoolInternals): void {
    const first = _pendingQueue[0]
    const keyHash = first && this.#keyOfWaiter.get(first)
    if (keyHash === undefined || _idle.length < 2) return
    let best = 0
    let bestScore = -1
    for (let index = 0; index < _idle.length; index++) {
      const score = mix(keyHash ^ this.#seedOf(_idle[index]!.client))
      if (score > bestScore) {
        best = index
        bestScore = score
      }
    }
    const [item] = _idle.splice(best, 1)
    _idle.push(item!)
  }

  #seedOf(client: object): number {
    let seed = this.#seedOfClient.get(client)
    if (seed === undefined) {
      seed = mix(this.#nextSeed++)
      this.#seedOfClient.set(client, seed)
    }
    return seed
  }
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
