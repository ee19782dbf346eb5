/**
 * Sends a tenant to the connections it was on before, where that costs no waiting. A PostgreSQL backend never forgets a relation that
 * it has touched: if every backend serves every tenant, each grows by all tenants' tables. So among the idle connections the one
 * with the highest hash of tenant and connection is taken (rendezvous hashing): each tenant has an order of preference of its own,
 * and a connection that comes or goes moves few tenants.
 */

/** The slice of pg-pool's insides that this leans on; there is no public way to choose among idle connections. */
export interface PoolInternals {
  readonly _clients: readonly object[]
  readonly _idle: { readonly client: object }[]
  readonly _pendingQueue: { readonly callback: (error: Error) => void }[]
  readonly options: { readonly max: number }
}

export function hasPoolInternals(pool: object): pool is PoolInternals {
  const { _clients, _idle, _pendingQueue, _pulseQueue } = pool as Partial<PoolInternals> & { _pulseQueue?: unknown }
  return [_clients, _idle, _pendingQueue].every(Array.isArray) && typeof _pulseQueue === 'function'
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

  /**
   * Puts the connection that the first waiter prefers where the pool takes the next one from: the end of its idle list. Gives false
   * when its favourite is busy and there is room for one more: a new connection then makes the choice wider from here on.
   */
  arrange({ _clients, _idle, _pendingQueue, options }: PoolInternals): boolean {
    const first = _pendingQueue[0]
    const keyHash = first && this.#keyOfWaiter.get(first)
    if (keyHash === undefined || _idle.length === 0) return true
    let best = 0
    let bestScore = -1
    for (let index = 0; index < _idle.length; index++) {
      const score = this.#score(keyHash, _idle[index]!.client)
      if (score > bestScore) {
        best = index
        bestScore = score
      }
    }
    if (_clients.length < options.max && _clients.some((client) => this.#score(keyHash, client) > bestScore)) return false
    const [item] = _idle.splice(best, 1)
    _idle.push(item!)
    return true
  }

  #score(keyHash: number, client: object): number {
    return mix(keyHash ^ this.#seedOf(client))
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
