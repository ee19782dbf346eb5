/**
 * Sends a tenant to the connections that know it. A PostgreSQL backend never forgets a relation that it has touched: if every backend
 * serves every tenant, each grows by all tenants' tables, and whoever takes the place of one that grew too big reads them all anew.
 *
 * - Among the idle connections one is taken that has served the tenant before.
 * - Where there is none, the one with the highest hash of tenant and connection learns it (rendezvous hashing): each tenant has an order of
 *   preference of its own, and a connection that comes or goes moves few tenants.
 * - A tenant that is known by its share of the connections, all of which are busy, waits for one of them a few milliseconds; so does a
 *   stranger where every idle connection knows as many as it may. Otherwise a busy pool would replace its connections all the time.
 */
import type { PoolInternals, PoolMember, Waiter, Wanted } from './pool-internals.ts'

/** What the pool should do for whoever waits: take the last of its idle connections, open one more, or wait for one that comes back. */
type Advice = 'take' | 'open' | 'wait'

/** Milliseconds of waiting for a better connection. To open another one takes longer. */
const patienceMs = 5

/** How many of those who wait are considered for a connection that comes back. */
const longestLook = 50

/** Of the places for tenants on all connections, what may be filled before there is need. */
const filledShare = 0.8

export class Affinity {
  readonly #pool: PoolInternals
  readonly #maxTenants: number
  /** The connections that know a tenant, by its key. */
  readonly #known = new Map<string, PoolMember[]>()
  #patience: NodeJS.Timeout | undefined

  constructor(pool: PoolInternals, maxTenants: number) {
    this.#pool = pool
    this.#maxTenants = maxTenants
  }

  /** A connection serves this tenant for the first time. */
  learned(key: string, member: PoolMember): void {
    const knowing = this.#known.get(key)
    if (knowing === undefined) this.#known.set(key, [member])
    else knowing.push(member)
  }

  /** A connection is no more. */
  forgot(member: PoolMember): void {
    for (const key of member.served) {
      const others = this.#known.get(key)?.filter((other) => other !== member)
      if (others === undefined || others.length === 0) this.#known.delete(key)
      else this.#known.set(key, others)
    }
  }

  /**
   * Has the pool call `take` with a connection, at once when one is idle that suits and nobody waits. Otherwise `enqueue` makes pg-pool
   * open a connection or put a waiter into its queue, with the time limit that a waiter has.
   */
  take(wanted: Wanted, take: (...args: any[]) => void, enqueue: () => void): void {
    const pool = this.#pool
    const waiters = pool._pendingQueue
    if (waiters.length === 0 && pool._idle.length > 0 && !pool.ending) {
      const advice = this.#arrange(wanted)
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

  /** Brings a waiter and a connection together, if there are some: the waiter is put first, and the connection last. */
  pair(): Advice {
    const waiters = this.#pool._pendingQueue
    if (this.#pool._idle.length === 0 || waiters.length === 0) return 'take'
    const look = Math.min(waiters.length, longestLook)
    for (let index = 0; index < look; index++) {
      const waiter = waiters[index]!
      const advice = waiter.wanted === undefined ? 'take' : this.#arrange(waiter.wanted, waiter)
      if (advice === 'wait') continue
      if (index > 0) waiters.unshift(...waiters.splice(index, 1))
      return advice
    }
    if (this.#patience === undefined) this.#patience = setTimeout(() => this.#losePatience(), patienceMs)
    return 'wait'
  }

  /** Who has waited long enough takes what there is. */
  #losePatience(): void {
    this.#patience = undefined
    let before: number
    do {
      before = this.#pool._pendingQueue.length
      this.#pool._pulseQueue()
    } while (this.#pool._pendingQueue.length < before)
  }

  /** Puts the idle connection that suits best where the pool takes the next one from: the end of its list. */
  #arrange(wanted: Wanted, waiter?: Waiter): Advice {
    const { _clients, _idle, options } = this.#pool
    const knowing = this.#known.get(wanted.key) ?? []
    for (const member of knowing) {
      const index = member.isAtRest ? indexOf(_idle, member) : -1
      if (index !== -1) return takeLast(_idle, index)
    }
    const { best, hasRoom } = this.#learner(wanted)
    if (_clients.length < options.max) {
      // One more makes the choice wider from here on.
      if (!hasRoom || isFavouriteBusy(this.#pool, wanted)) return 'open'
    } else if (_idle.length < _clients.length && (!hasRoom || this.#isShare(knowing.length)) && isPatient(waiter)) {
      return 'wait'
    }
    return takeLast(_idle, best)
  }

  /** Which idle connection should learn the tenant: of those with room for one more, if there are some. */
  #learner({ keyHash }: Wanted): { best: number; hasRoom: boolean } {
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
  #isShare(count: number): boolean {
    const places = this.#pool.options.max * this.#maxTenants * filledShare
    return count >= Math.max(1, Math.floor(places / this.#known.size))
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

function isFavouriteBusy({ _clients, _idle }: PoolInternals, { keyHash }: Wanted): boolean {
  const highest = (members: readonly PoolMember[]): number =>
    members.reduce((score, { affinitySeed }) => Math.max(score, mix(keyHash ^ affinitySeed)), -1)
  return highest(_clients) > highest(_idle.map(({ client }) => client))
}

/** Who comes first has just begun to wait. */
function isPatient(waiter: Waiter | undefined): boolean {
  if (waiter === undefined) return true
  const now = performance.now()
  waiter.patientUntil ??= now + patienceMs
  return now < waiter.patientUntil
}

let members = 0

/** The number of a new connection. */
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
