/**
 * Lends the clients of a pool and takes them back. A caller first waits for a turn of its tenant, then for a connection; a client that comes
 * back is judged, and goes back into the pool only when it is proven clean.
 */
import type { Pool } from 'pg'
import type { Tampering } from '../../events.ts'
import type { Observation, ObservedPool } from '../../observation.ts'
import type { Binding } from '../binding/binding.ts'
import type { Affinity } from './affinity.ts'
import { HeldClients, type Checkout, type HeldClient } from './held-clients.ts'
import { Loan, type Release } from './loan.ts'
import { otherLogin } from './login-refusals.ts'
import { waitedTooLong, type LoginSource, type TakeCallback } from './login-source.ts'
import { exhausted } from './pool-refusals.ts'
import type { TenantClient } from './tenant-client.ts'
import { TenantTurns } from './tenant-turns.ts'
import { explainUnreachable } from './unreachable.ts'
import type { Verdict } from './verdict.ts'

export interface LendingOptions {
  /** Has pg-pool open a connection, or add a waiter to its queue. */
  readonly enqueue: (take: TakeCallback) => void
  /** Resolves when the address of the server is known; undefined where it is. */
  readonly locating: () => Promise<void> | undefined
  /** Connections that log in as a tenant; absent where no tenant has a login of its own. */
  readonly logins: LoginSource | undefined
  /** Absent where every connection serves every tenant. */
  readonly affinity: Affinity | undefined
  readonly onDiscard: ((reason: string) => void) | undefined
  readonly onTamper: ((tampering: Tampering) => void) | undefined
  readonly maxPerTenant: number | undefined
  readonly maxTenantsPerConnection: number
  readonly warnWhenHeldMs: number
  readonly observation: Observation
  readonly observedAs: ObservedPool
}

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

  held(): HeldClient[] {
    return this.#held.list()
  }

  /** @param checkout whose stack names the caller when the client is not released; absent where it certainly is */
  async lend(binding: Binding, checkout?: Checkout): Promise<Loan> {
    const waited = this.#waiting(binding)
    if (waited === undefined) return this.#lend(binding, checkout)
    try {
      const loan = await this.#lend(binding, checkout)
      waited(undefined)
      return loan
    } catch (error) {
      waited(error)
      throw error
    }
  }

  async #lend(binding: Binding, checkout?: Checkout): Promise<Loan> {
    const locating = this.#options.locating()
    if (locating !== undefined) await locating
    if (this.#turns !== undefined) await this.#turns.take(binding)
    try {
      return await new Promise<Loan>((resolve, reject) => {
        this.#take(binding, (error, client, giveBack) => {
          if (client === undefined) reject(error)
          else resolve(this.#handOut(client, giveBack!, binding, checkout))
        })
      })
    } catch (error) {
      this.#turns?.giveBack(binding)
      throw error
    }
  }

  /** The same without a promise: this is the hot path. */
  lendThen(binding: Binding, done: (error: Error | undefined, loan?: Loan) => void): void {
    if (this.#turns === undefined && this.#options.locating() === undefined) {
      const waited = this.#waiting(binding)
      return this.#take(binding, (error, client, giveBack) => {
        waited?.(error)
        if (client === undefined) done(error)
        else done(undefined, this.#handOut(client, giveBack!, binding, undefined))
      })
    }
    this.lend(binding).then(
      (loan) => done(undefined, loan),
      (error: Error) => done(error),
    )
  }

  /** Undefined where no one hears of it: almost always. */
  #waiting(binding: Binding): ((error: unknown) => void) | undefined {
    const { observation, observedAs } = this.#options
    return observation.watchesWaits ? observation.waiting(observedAs, binding) : undefined
  }

  #take(binding: Binding, done: TakeCallback): void {
    const { affinity, enqueue, logins } = this.#options
    const take: TakeCallback = (error, client, giveBack) =>
      client === undefined ? done(this.#explain(error, binding)) : done(undefined, client, giveBack)
    if (binding.login !== undefined) return logins === undefined ? done(otherLogin(binding)) : logins.take(binding, take)
    if (affinity === undefined) enqueue(take)
    else affinity.take(binding, take, enqueue)
  }

  #handOut(client: TenantClient, giveBack: Release, binding: Binding, checkout: Checkout | undefined): Loan {
    const isFirst = client.lend(binding)
    if (isFirst && binding.login === undefined) this.#options.affinity?.noteServed(binding.key, client)
    if (checkout !== undefined) this.#held.add(client, binding.label, checkout)
    return new Loan(client, (error) => {
      if (checkout !== undefined) this.#held.remove(client)
      const verdict = client.takeBack(this.#options.maxTenantsPerConnection)
      if (!verdict.isClean) this.#report(verdict)
      giveBack(verdict.isClean ? error : error || true)
      this.#turns?.giveBack(binding)
    })
  }

  #report({ reason, tampering }: Exclude<Verdict, { isClean: true }>): void {
    if (tampering !== undefined) this.#options.onTamper?.(tampering)
    this.#options.onDiscard?.(reason)
  }

  #explain(error: Error | undefined, { login }: Binding): Error | undefined {
    if (error === undefined) return undefined
    const { options } = this.#pool
    if (error.message !== waitedTooLong)
      return explainUnreachable(error, login === undefined ? options : { ...options, user: login })
    const { logins } = this.#options
    const { connectionTimeoutMillis } = options
    const max = login === undefined ? options.max : logins!.max
    return exhausted({ max, connectionTimeoutMillis }, login !== undefined, this.#held.describeLongest(), error)
  }
}
