/**
 * The values of tenants in one store. A tenant has a flush token there: a random text that is stored beside its values. Each value carries a stamp, made of
 * the generation of the tenant and the token that was read before the value was computed. A read asks for the token and the value in one round trip, and
 * a value whose stamp is another one is no value. So:
 *
 * - A flush is one new token. All processes see it with their next read, because none keeps a copy to read with.
 * - A value that was computed before a flush and written after it carries the old token.
 * - A value of another tenant, or of another generation, that was put under the key carries another stamp.
 * - Where the token is lost (evicted, or the store was emptied), a new one is made, and no old value comes back.
 */
import { randomBytes } from 'node:crypto'
import { BoundedMap } from '../bounded-map.ts'
import { TenancyError } from '../errors.ts'
import type { Tenant } from '../types.ts'
import type { Backing } from './backing.ts'
import { tellLookup } from './hits.ts'
import { keyPrefix, sharedId, tenantPrefix, tokenKey } from './shared/keys.ts'

/** Whose a value is. */
interface Owner {
  readonly id: string
  readonly generation: number
  readonly prefix: string
  readonly tokenKey: string
  /** What its token begins with, so that the token of another tenant under this key is none. */
  readonly tokenStart: string
  /** What its last read has seen: most reads see the same again. */
  seen: Seen | undefined
}

interface Seen {
  readonly token: string
  readonly stamp: string
  /** When the store had it last. */
  at: number
}

/** What a look for a value has found, for the one who computes it. */
export interface Lookup {
  readonly stored: string
  readonly prefix: string
  readonly value: unknown
  /** Undefined where the store fails. */
  readonly stamp: string | undefined
}

export interface EntriesOf {
  readonly backing: Backing
  readonly name: string
  /** The tenant of the running scope, or `shared`. Throws where there is none. */
  readonly owner: () => Pick<Tenant<any>, 'id' | 'generation'> | typeof sharedId
  /** An object for the running scope; undefined outside every scope. */
  readonly scope: () => object | undefined
  readonly maxTtlMs: number
  /** The call, for messages. */
  readonly what: string
}

/**
 * How long a write may use a token that this process has read before. A write with a token that was flushed since is lost, and nothing worse; so this saves
 * a round trip for each write, and a process that only writes is right again after that time.
 */
const tokenAgeMs = 1000
const tokensAtMost = 10_000
const missesAtMost = 10_000
const batch = 200

export class Entries {
  readonly #of: EntriesOf
  readonly #backing: Backing
  readonly #owners = new WeakMap<object, Owner>()
  readonly #shared: Owner
  /** The tenant of the last call: most calls are for the same one again. */
  #lastOf: unknown
  #last: Owner
  readonly #seen = new BoundedMap<string, Seen>(tokensAtMost)
  readonly #creating = new Map<string, Promise<string>>()
  /** By scope and key: the stamp that was valid when the key was not found. What is computed after that is written with it. */
  readonly #misses = new WeakMap<object, BoundedMap<string, string>>()

  constructor(of: EntriesOf) {
    this.#of = of
    this.#backing = of.backing
    this.#shared = ownerOf(of.name, sharedId, 0)
    this.#last = this.#shared
  }

  #owner(): Owner {
    const found = this.#of.owner()
    if (found === this.#lastOf) return this.#last
    if (found === sharedId) return this.#shared
    let owner = this.#owners.get(found)
    if (owner === undefined) this.#owners.set(found, (owner = ownerOf(this.#of.name, found.id, found.generation)))
    this.#lastOf = found
    this.#last = owner
    return owner
  }

  /** The value, or undefined. It is no promise where the store is in this process: awaiting one costs more than the read. */
  get(key: string): unknown {
    const owner = this.#owner()
    const stored = owner.prefix + key
    const { now } = this.#backing
    if (now !== undefined) return this.#opened(owner, stored, now(owner.tokenKey), now(stored))
    return this.#backing
      .getMany([owner.tokenKey, stored])
      .then((read) => (read === undefined ? this.#unknown(owner) : this.#opened(owner, stored, read[0], read[1])))
  }

  async getMany(keys: readonly string[]): Promise<unknown[]> {
    const owner = this.#owner()
    const stored = keys.map((key) => owner.prefix + key)
    const read = await this.#backing.getMany([owner.tokenKey, ...stored])
    if (read === undefined) return keys.map(() => this.#unknown(owner))
    const [token, ...values] = read
    return Promise.all(stored.map(async (each, index) => this.#opened(owner, each, token, values[index])))
  }

  /**
   * The value together with the stamp of the moment, for what is computed once for many callers. Without a stamp where the store fails.
   * @throws TenancyError NO_TENANT, TENANT_CHANGED
   */
  async tryLookup(key: string): Promise<Lookup> {
    const owner = this.#owner()
    const stored = owner.prefix + key
    try {
      const [token, value] = (await this.#backing.getMany([owner.tokenKey, stored])) ?? failed()
      const { stamp } = this.#see(owner, token) ?? (await this.#createToken(owner))
      const opened = open(value, stamp)
      tellLookup(owner.id, opened !== undefined)
      return { stored, prefix: owner.prefix, value: opened, stamp }
    } catch {
      tellLookup(owner.id, false)
      return { stored, prefix: owner.prefix, value: undefined, stamp: undefined }
    }
  }

  /** Writes what was computed after `tryLookup`. After a flush in between, it is never read. */
  async write({ stored, prefix, stamp }: Lookup, value: unknown, ttlMs: number | undefined): Promise<void> {
    // A flush that this process knows of: the value would only take the place of a newer one.
    if (stamp !== undefined && this.#seen.get(prefix)?.stamp === stamp) await this.#put(stored, stamp, value, ttlMs)
  }

  set(key: string, value: unknown, ttlMs: number | undefined): unknown {
    const owner = this.#owner()
    const stored = owner.prefix + key
    const stamp = this.#takeMiss(stored) ?? this.#freshStamp(owner)
    if (stamp !== undefined) return this.#put(stored, stamp, value, ttlMs)
    return this.#readToken(owner).then((seen) => seen !== undefined && this.#put(stored, seen.stamp, value, ttlMs))
  }

  #put(stored: string, stamp: string, value: unknown, ttlMs: number | undefined): unknown {
    return this.#backing.set(stored, sealed(value, stamp, this.#backing.now !== undefined), timeToLive(ttlMs, this.#of.maxTtlMs))
  }

  delete(keys: readonly string[]): unknown {
    const owner = this.#owner()
    if (keys.length === 0) return false
    return this.#backing.delete(keys.map((key) => owner.prefix + key))
  }

  /** What the tenant has, for keys that begin like this. The tenant is that of the call, wherever the list is read. */
  entries(start: string): AsyncGenerator<[key: string, value: unknown], void> {
    const owner = this.#owner()
    return this.#listed(owner, this.#lister(), start)
  }

  async *#listed(owner: Owner, list: NonNullable<Backing['list']>, start: string): AsyncGenerator<[string, unknown], void> {
    for await (const stored of batches(own(list(owner.prefix + start), owner.prefix + start))) {
      const [token, ...values] = (await this.#backing.getMany([owner.tokenKey, ...stored])) ?? failed()
      const seen = this.#see(owner, token)
      for (const [index, key] of stored.entries()) {
        const value = seen && open(values[index], seen.stamp)
        if (value !== undefined) yield [key.slice(owner.prefix.length), value]
      }
    }
  }

  /** Forgets what the tenant has, for keys that begin like this; all of it at once where the start is empty. */
  async clear(start: string): Promise<void> {
    const owner = this.#owner()
    if (start === '') await this.#flush(owner)
    // A flushed value of a store with a time to live goes by itself; one in memory would stay.
    if (start !== '' || this.#backing.now !== undefined) await this.#sweep(owner.prefix + start)
  }

  /** Costs three round trips, whatever the tenant has. */
  async flush(id?: string): Promise<void> {
    await this.#flush(id === undefined ? this.#owner() : ownerOf(this.#of.name, id, 0))
  }

  async #flush(owner: Owner): Promise<void> {
    const [before] = (await this.#backing.getMany([owner.tokenKey])) ?? []
    await this.#backing.set(owner.tokenKey, newToken(owner), undefined)
    // Some libraries report an error elsewhere and go on, and then nothing was flushed.
    const [after] = (await this.#backing.getMany([owner.tokenKey])) ?? []
    if (typeof after !== 'string' || after === before) {
      throw new Error(
        'The store has not kept the new flush token, so the tenant is not flushed. Look at the errors of the store, and try again.',
      )
    }
    this.#see(owner, after)
  }

  /** Removes all that the tenant has, of every generation. */
  async forget(id: string): Promise<void> {
    await this.#backing.delete([tokenKey(this.#of.name, id)])
    if (this.#backing.list !== undefined) await this.#sweep(tenantPrefix(this.#of.name, id))
  }

  async #sweep(prefix: string): Promise<void> {
    for await (const stored of batches(own(this.#lister()(prefix), prefix))) await this.#backing.delete(stored)
  }

  #lister(): NonNullable<Backing['list']> {
    const { list } = this.#backing
    if (list !== undefined) return list
    throw new TenancyError(
      'INVALID_OPTION',
      `The store given to ${this.#of.what} cannot list its keys, so they cannot be read or removed one by one.`,
      {
        details: { what: this.#of.what, option: 'store' },
      },
    )
  }

  #opened(owner: Owner, stored: string, token: unknown, value: unknown): unknown {
    const seen = this.#see(owner, token)
    // What is computed after this miss must carry a token from before, also the first time.
    if (seen === undefined) return this.#createToken(owner).then((made) => this.#missed(owner, stored, made))
    const opened = open(value, seen.stamp)
    if (opened === undefined) return this.#missed(owner, stored, seen)
    tellLookup(owner.id, true)
    return opened
  }

  /** The store has failed: no value, and no new token, which would forget all that the tenant has. */
  #unknown(owner: Owner): undefined {
    tellLookup(owner.id, false)
  }

  #missed(owner: Owner, stored: string, { stamp }: Seen): undefined {
    const scope = this.#of.scope()
    if (scope !== undefined) {
      let misses = this.#misses.get(scope)
      if (misses === undefined) this.#misses.set(scope, (misses = new BoundedMap(missesAtMost)))
      misses.set(stored, stamp)
    }
    tellLookup(owner.id, false)
  }

  #takeMiss(stored: string): string | undefined {
    const scope = this.#of.scope()
    const misses = scope && this.#misses.get(scope)
    const stamp = misses?.get(stored)
    if (stamp !== undefined) misses!.delete(stored)
    return stamp
  }

  #freshStamp(owner: Owner): string | undefined {
    const { now } = this.#backing
    if (now !== undefined) return this.#see(owner, now(owner.tokenKey))?.stamp
    const seen = this.#seen.get(owner.prefix)
    return seen !== undefined && Date.now() - seen.at <= tokenAgeMs ? seen.stamp : undefined
  }

  async #readToken(owner: Owner): Promise<Seen | undefined> {
    const read = await this.#backing.getMany([owner.tokenKey])
    return read && (this.#see(owner, read[0]) ?? this.#createToken(owner))
  }

  #see(owner: Owner, token: unknown): Seen | undefined {
    let { seen } = owner
    if (seen === undefined || seen.token !== token) {
      if (typeof token !== 'string' || !token.startsWith(owner.tokenStart)) return undefined
      seen = { token, stamp: `${owner.generation}.${token.slice(owner.tokenStart.length)} `, at: 0 }
      owner.seen = seen
      this.#seen.set(owner.prefix, seen)
    }
    if (this.#backing.now === undefined) seen.at = Date.now()
    return seen
  }

  /** One at a time for each tenant. Where two processes make one, the later one counts, and what carries the other is no value. */
  async #createToken(owner: Owner): Promise<Seen> {
    let creating = this.#creating.get(owner.tokenKey)
    if (creating === undefined) {
      creating = this.#writeToken(owner).finally(() => this.#creating.delete(owner.tokenKey))
      this.#creating.set(owner.tokenKey, creating)
    }
    return this.#see(owner, await creating)!
  }

  async #writeToken(owner: Owner): Promise<string> {
    const token = newToken(owner)
    await this.#backing.set(owner.tokenKey, token, undefined)
    return token
  }
}

function failed(): never {
  throw new Error('The store has failed. Look at its errors.')
}

/** Stores take whole milliseconds above 0; a library passes on what its user has written. */
function timeToLive(given: number | undefined, most: number): number {
  return given === undefined || Number.isNaN(given) ? most : Math.max(1, Math.min(Math.ceil(given), most))
}

function ownerOf(name: string, id: string, generation: number): Owner {
  return {
    id,
    generation,
    prefix: keyPrefix(name, id, generation),
    tokenKey: tokenKey(name, id),
    tokenStart: `${id}.`,
    seen: undefined,
  }
}

function newToken({ tokenStart }: Owner): string {
  return tokenStart + randomBytes(16).toString('base64url')
}

/** In this process, where it saves cutting a text at each read; and for a value that is no text. */
interface Sealed {
  readonly stamp: string
  readonly value: unknown
}

function sealed(value: unknown, stamp: string, isHere: boolean): unknown {
  return typeof value === 'string' && !isHere ? stamp + value : ({ stamp, value } satisfies Sealed)
}

function open(stored: unknown, stamp: string): unknown {
  if (typeof stored === 'string') return stored.startsWith(stamp) ? stored.slice(stamp.length) : undefined
  const given = stored as Partial<Sealed> | null | undefined
  return given?.stamp === stamp ? given.value : undefined
}

async function* own(stored: AsyncIterable<string>, prefix: string): AsyncGenerator<string, void> {
  for await (const key of stored) if (key.startsWith(prefix)) yield key
}

async function* batches(keys: AsyncIterable<string>): AsyncGenerator<string[], void> {
  let some: string[] = []
  for await (const key of keys) {
    some.push(key)
    if (some.length < batch) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}
