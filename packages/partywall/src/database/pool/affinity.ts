/**
 * Sends a tenant to the connections that served it before. A PostgreSQL backend caches every relation that it has touched and never
 * forgets one: if every backend serves every tenant, each grows by the tables of all tenants, and a backend that replaces one that grew
 * too big reads them all again.
 *
 * - Among the idle connections, one is taken that has served the tenant before.
 * - Where there is none, the idle connection with the highest hash of tenant and connection is taken (rendezvous hashing): each tenant has
 *   its own order of preference, and few tenants move when a connection is opened or closed.
 * - A tenant that enough connections have served waits a few milliseconds for one of them when all are busy. A new tenant waits as well
 *   when every idle connection has served as many tenants as it may. Otherwise a busy pool would replace its connections all the time.
 */
import type { PoolInternals, PoolMember, ConnectionRequest, Take, Waiter } from './pool-internals.ts'

/** What the pool should do for a waiter: take the last of its idle connections, open one more, or wait for one that is released. */
type Advice = 'take' | 'open' | 'wait'

/** How long a waiter waits for a better connection. Opening another one takes longer. */
const patienceMs = 5

/** How many waiters are considered for a connection that is released. */
const longestLook = 50

/** Fraction of all tenant slots that may be filled before tenants are limited to fewer connections. */
const filledShare = 0.8

export class Affinity {
  readonly #pool: PoolInternals
  readonly #maxTenants: number
  /** The connections that have served a tenant, by its key. */
  readonly #servedBy = new Map<string, PoolMember[]>()
  #patience: NodeJS.Timeout | undefined

  constructor(pool: PoolInternals, maxTenants: number) {
    this.#pool = pool
    this.#maxTenants = maxTenants
  }

  /** A connection serves this tenant for the first time. */
  noteServed(key: string, member: PoolMember): void {
    const members = this.#servedBy.get(key)
    if (members === undefined) this.#servedBy.set(key, [member])
    else members.push(member)
  }

  /** A connection was closed. */
  noteClosed(member: PoolMember): void {
    for (const key of member.served) {
      const others = this.#servedBy.get(key)?.filter((other) => other !== member)
      if (others === undefined || others.length === 0) this.#servedBy.delete(key)
      else this.#servedBy.set(key, others)
    }
  }

  /**
   * Has the pool call `take` with a connection: at once when a suitable one is idle and the queue is empty. Otherwise `enqueue` makes
   * pg-pool open a connection or add a waiter to its queue, with the time limit of a waiter.
   */
  take(request: ConnectionRequest, take: Take, enqueue: (take: Take) => void): void {
    const pool = this.#pool
    const waiters = pool._pendingQueue
    if (waiters.length === 0 && pool._idle.length > 0 && !pool.ending) {
      const advice = this.#arrange(request)
      if (advice === 'open') return pool.newClient({ callback: take, timedOut: false })
      if (advice === 'take') {
        waiters.push({ callback: take, timedOut: false })
        return pool._pulseQueue()
      }
    }
    const before = waiters.length
    enqueue(take)
    if (waiters.length > before) waiters.at(-1)!.request = request
  }

  /** Chooses a waiter and a connection for it: puts the waiter first in the queue and the connection last among the idle ones. */
  pair(): Advice {
    const waiters = this.#pool._pendingQueue
    if (this.#pool._idle.length === 0 || waiters.length === 0) return 'take'
    const look = Math.min(waiters.length, longestLook)
    for (let index = 0; index < look; index++) {
      const waiter = waiters[index]!
      const advice = waiter.request === undefined ? 'take' : this.#arrange(waiter.request, waiter)
      if (advice === 'wait') continue
      if (index > 0) waiters.unshift(...waiters.splice(index, 1))
      return advice
    }
    if (this.#patience === undefined) this.#patience = setTimeout(() => this.#endPatience(), patienceMs)
    return 'wait'
  }

  /** A waiter that has waited long enough takes any connection. */
  #endPatience(): void {
    this.#patience = undefined
    let before: number
    do {
      before = this.#pool._pendingQueue.length
      this.#pool._pulseQueue()
    } while (this.#pool._pendingQueue.length < before)
  }

  /** Puts the idle connection that suits best where the pool takes the next one from: the end of its list. */
  #arrange(request: ConnectionRequest, waiter?: Waiter): Advice {
    const { _clients, _idle, options } = this.#pool
    const servedBefore = this.#servedBy.get(request.key) ?? []
    for (const member of servedBefore) {
      const index = member.isAtRest ? indexOf(_idle, member) : -1
      if (index !== -1) return takeLast(_idle, index)
    }
    const { best, hasRoom } = this.#choose(request)
    if (_clients.length < options.max) {
      // One more connection gives all later tenants more to choose from.
      if (!hasRoom || isFavouriteBusy(this.#pool, request)) return 'open'
    } else if (_idle.length < _clients.length && (!hasRoom || this.#hasItsShare(servedBefore.length)) && isPatient(waiter)) {
      return 'wait'
    }
    return takeLast(_idle, best)
  }

  /** The idle connection that should serve the tenant from now on: one with room for another tenant, if there is one. */
  #choose({ keyHash }: ConnectionRequest): { best: number; hasRoom: boolean } {
    const { _idle } = this.#pool
    let best = 0
    let bestScore = -1
    let hasRoom = false
    for (let index = 0; index < _idle.length; index++) {
      const { served, affinitySeed } = _idle[index]!.client
      const fits = served.size < this.#maxTenants
      if (hasRoom && !fits) continue
      const score = mix(keyHash ^ affinitySeed)
      if (hasRoom === fits && score <= bestScore) continue
      best = index
      bestScore = score
      hasRoom = fits
    }
    return { best, hasRoom }
  }

  /** The more tenants there are, the fewer connections each of them can have. */
  #hasItsShare(count: number): boolean {
    const slots = this.#pool.options.max * this.#maxTenants * filledShare
    return count >= Math.max(1, Math.floor(slots / this.#servedBy.size))
  }
}

function indexOf(idle: PoolInternals['_idle'], member: PoolMember): number {
  for (let index = 0; index < idle.length; index++) if (idle[index]!.client === member) return index
  return -1
}

function takeLast(idle: PoolInternals['_idle'], index: number): Advice {
  if (index < idle.length - 1) idle.push(...idle.splice(index, 1))
  return 'take'
}

function isFavouriteBusy({ _clients, _idle }: PoolInternals, { keyHash }: ConnectionRequest): boolean {
  const highest = (members: readonly PoolMember[]): number =>
    members.reduce((score, { affinitySeed }) => Math.max(score, mix(keyHash ^ affinitySeed)), -1)
  return highest(_clients) > highest(_idle.map(({ client }) => client))
}

/** A caller that is not in the queue yet has only begun to wait. */
function isPatient(waiter: Waiter | undefined): boolean {
  if (waiter === undefined) return true
  const now = performance.now()
  waiter.patientUntil ??= now + patienceMs
  return now < waiter.patientUntil
}

let members = 0

/** The seed of a new connection. */
export function nextAffinitySeed(): number {
  members += 1
  return mix(members)
}

/** Spreads neighbouring numbers over 32 bits (the finalizer of MurmurHash3). */
function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35)
  return (hash ^ (hash >>> 16)) >>> 0
}
