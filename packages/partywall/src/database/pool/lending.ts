/**
 * Lends the clients of a pool and takes them back. A caller first waits for a turn of its tenant, then for a connection; a client that comes
 * back is judged, and goes back into the pool only when it is proven clean.
 */
import type { Pool } from 'pg'
import type { Tampering } from '../../events.ts'
import type { Binding } from '../binding/binding.ts'
import type { Affinity } from './affinity.ts'
import { HeldClients, type Checkout } from './held-clients.ts'
import { exhausted } from './pool-refusals.ts'
import type { TenantClient } from './tenant-client.ts'
import { TenantTurns } from './tenant-turns.ts'
import type { Verdict } from './verdict.ts'

export interface LendingOptions {
  /** Has pg-pool open a connection, or add a waiter to its queue. */
  readonly enqueue: (take: TakeCallback) => void
  /** Resolves when the address of the server is known; undefined where it is. */
  readonly locating: () => Promise<void> | undefined
  /** Absent where every connection serves every tenant. */
  readonly affinity: Affinity | undefined
  readonly onDiscard: ((reason: string) => void) | undefined
  readonly onTamper: ((tampering: Tampering) => void) | undefined
  readonly maxPerTenant: number | undefined
  readonly maxTenantsPerConnection: number
  readonly warnWhenHeldMs: number
}

type Release = (error?: Error | boolean) => void
type TakeCallback = (error: Error | undefined, client?: TenantPoolClient, release?: Release) => void
export type TenantPoolClient = TenantClient & { release: Release }

export class Lending {
  readonly #pool: Pick<Pool, 'options'>
  readonly #options: LendingOptions
  readonly #turns: TenantTurns | undefined
  readonly #held: HeldClients

  constructor(pool: Pick<Pool, 'options'>, options: LendingOptions) {
    const { maxPerTenant, warnWhenHeldMs } = options
    this.#pool = pool
    this.#options = options
    this.#turns =
      maxPerTenant === undefined ? undefined : new TenantTurns(maxPerTenant, pool.options.connectionTimeoutMillis ?? 0)
    this.#held = new HeldClients(warnWhenHeldMs, (message) => process.emitWarning(message, { code: 'PARTYWALL_HELD_CLIENT' }))
  }

  /** @param checkout whose stack names the caller when the client is not released; absent where it certainly is */
  async lend(binding: Binding, checkout?: Checkout): Promise<TenantPoolClient> {
    const locating = this.#options.locating()
    if (locating !== undefined) await locating
    if (this.#turns !== undefined) await this.#turns.take(binding)
    try {
      const client = await new Promise<TenantPoolClient>((resolve, reject) =>
        this.#take(binding, (error, taken) => (taken === undefined ? reject(error) : resolve(taken))),
      )
      return this.#handOut(client, binding, checkout)
    } catch (error) {
      this.#turns?.giveBack(binding)
      throw error
    }
  }

  /** The same without a promise: this is the hot path. */
  lendThen(binding: Binding, done: (error: Error | undefined, client?: TenantPoolClient) => void): void {
    if (this.#turns === undefined && this.#options.locating() === undefined) {
      return this.#take(binding, (error, client) => {
        if (client === undefined) done(error)
        else done(undefined, this.#handOut(client, binding, undefined))
      })
    }
    this.lend(binding).then(
      (client) => done(undefined, client),
      (error: Error) => done(error),
    )
  }

  #take(binding: Binding, done: TakeCallback): void {
    const { affinity, enqueue } = this.#options
    const take: TakeCallback = (error, client) => (client === undefined ? done(this.#explain(error)) : done(undefined, client))
    if (affinity === undefined) enqueue(take)
    else affinity.take(binding, take, enqueue)
  }

  #handOut(client: TenantPoolClient, binding: Binding, checkout: Checkout | undefined): TenantPoolClient {
    const giveBack = client.release
    let isReleased = false
    if (client.lend(binding)) this.#options.affinity?.noteServed(binding.key, client)
    if (checkout !== undefined) this.#held.add(client, binding.label, checkout)
    client.release = (error) => {
      // pg-pool refuses a second release; it must not touch a client that another caller holds by now.
      if (isReleased) return giveBack(error)
      isReleased = true
      this.#held.remove(client)
      const verdict = client.takeBack(this.#options.maxTenantsPerConnection)
      if (!verdict.isClean) this.#report(verdict)
      giveBack(error || !verdict.isClean)
      this.#turns?.giveBack(binding)
    }
    return client
  }

  #report({ reason, tampering }: Exclude<Verdict, { isClean: true }>): void {
    if (tampering !== undefined) this.#options.onTamper?.(tampering)
    this.#options.onDiscard?.(reason)
  }

  #explain(error: Error | undefined): Error | undefined {
    if (error?.message !== 'timeout exceeded when trying to connect') return error
    return exhausted(this.#pool.options, this.#held.describeLongest(), error)
  }
}
