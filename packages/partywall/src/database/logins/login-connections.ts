/**
 * The connections of tenants that log in themselves: a bounded number over all of them, because a connection of one login can serve no other tenant. A
 * tenant that needs one gets an idle one of its own; else a new one, for which the idle one that was used least recently is closed when there is no room;
 * else it waits for its turn.
 *
 * pg-pool cannot do that: its connections are alike. A client is judged when it comes back, by the same rules as those of the pool (pool/lending.ts).
 */
import type { Client } from 'pg'
import type { Binding } from '../binding/binding.ts'
import { poolHasEnded, waitedTooLong, type LoginHost, type LoginSource, type TakeCallback } from '../pool/login-source.ts'
import type { TenantClient } from '../pool/tenant-client.ts'
import { LoggingIn, type LoggingInOptions } from './logging-in.ts'
import { firstOf, WaitingTenants } from './waiting-tenants.ts'

export interface LoginConnectionsOptions extends LoggingInOptions {
  readonly max: number
}

/** A place for one connection. */
interface Member {
  readonly role: string
  /** Absent before it connects. */
  client?: TenantClient
  /** The password that the tenant had when it was opened. */
  readonly generation: number
  /** It is closed when it is given back. */
  isLast: boolean
  readonly expiresAt: number
  idleTimer?: NodeJS.Timeout | undefined
}

interface Waiter {
  readonly role: string
  readonly binding: Binding
  readonly done: TakeCallback
  timer?: NodeJS.Timeout | undefined
}

/** How long the server may take to see that a connection is closed, before another one takes its place. */
const closingMs = 1000

export class LoginConnections implements LoginSource {
  readonly max: number
  readonly #host: LoginHost
  readonly #loggingIn: LoggingIn
  readonly #members = new Set<Member>()
  /** The one that was used least recently is the first. */
  readonly #idle = new Set<Member>()
  readonly #waiting = new WaitingTenants<Waiter>()
  readonly #closing = new Set<Promise<void>>()
  #onEmpty: (() => void) | undefined
  #isEnding = false

  constructor(host: LoginHost, options: LoginConnectionsOptions) {
    this.#host = host
    this.max = options.max
    this.#loggingIn = new LoggingIn(host, options)
  }

  get clients(): readonly TenantClient[] {
    return [...this.#members].flatMap(({ client }) => (client === undefined ? [] : [client]))
  }

  take(binding: Binding, done: TakeCallback): void {
    if (this.#isEnding) return done(new Error(poolHasEnded))
    const waiter: Waiter = { role: binding.login!, binding, done }
    this.#startTimer(waiter, () => {
      this.#waiting.remove(waiter)
      done(new Error(waitedTooLong))
    })
    this.#waiting.add(waiter)
    this.#serve()
  }

  endRole(role: string): void {
    this.#loggingIn.forget(role)
    for (const member of this.#members) {
      if (member.role !== role) continue
      if (this.#idle.has(member)) this.#close(member)
      else member.isLast = true
    }
    this.#serve()
  }

  async end(): Promise<void> {
    this.#isEnding = true
    for (const waiter of this.#waiting.drain()) {
      clearTimeout(waiter.timer)
      waiter.done(new Error(poolHasEnded))
    }
    for (const member of this.#idle) this.#close(member)
    if (this.#members.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve))
    await Promise.all(this.#closing)
  }

  #serve(): void {
    for (let waiter = this.#waiting.first(); waiter !== undefined; waiter = this.#waiting.first()) {
      const own = this.#idleOf(waiter.binding)
      const isFull = this.#members.size >= this.max
      const evicted = own === undefined && isFull ? firstOf(this.#idle) : undefined
      if (own === undefined && isFull && evicted === undefined) return
      this.#waiting.served(waiter)
      if (own === undefined) void this.#open(waiter, evicted)
      else this.#lendIdle(own, waiter)
    }
  }

  /** The one of this tenant that was used last. Those of an older password are closed. */
  #idleOf({ login, loginGeneration = 0 }: Binding): Member | undefined {
    let newest: Member | undefined
    for (const member of this.#idle) {
      if (member.role !== login) continue
      if (member.generation < loginGeneration) this.#close(member)
      else newest = member
    }
    return newest
  }

  #lendIdle(member: Member, waiter: Waiter): void {
    this.#idle.delete(member)
    clearTimeout(member.idleTimer)
    clearTimeout(waiter.timer)
    if (this.#host.options.allowExitOnIdle === true) refs(member.client!).ref()
    this.#hand(member, waiter)
  }

  /** @param evicted gives its place to the new connection */
  async #open(waiter: Waiter, evicted: Member | undefined): Promise<void> {
    const closed = evicted === undefined ? undefined : this.#close(evicted)
    const { binding, role } = waiter
    const member: Member = { role, generation: binding.loginGeneration ?? 0, isLast: false, expiresAt: this.#expiry() }
    this.#members.add(member)
    let isLate = false
    clearTimeout(waiter.timer)
    this.#startTimer(waiter, () => {
      isLate = true
      if (member.client !== undefined) destroy(member.client)
    })
    try {
      await closed
      const client = await this.#loggingIn.connect(binding, (attempted) => {
        member.client = attempted
        if (isLate) throw new Error(openedTooLate)
      })
      client.once('end', () => this.#lost(member))
    } catch (error) {
      this.#remove(member)
      waiter.done(isLate ? new Error(openedTooLate) : (error as Error))
      return this.#serve()
    } finally {
      clearTimeout(waiter.timer)
    }
    this.#hand(member, waiter)
  }

  #hand(member: Member, { done }: Waiter): void {
    done(undefined, member.client!, (error) => this.#giveBack(member, error))
  }

  #giveBack(member: Member, error: Error | boolean | undefined): void {
    const isOver = member.isLast || this.#isEnding || performance.now() > member.expiresAt
    if (error || isOver) void this.#close(member)
    else this.#rest(member)
    this.#serve()
  }

  #rest(member: Member): void {
    const { allowExitOnIdle } = this.#host.options
    const idleTimeoutMillis = this.#host.options.idleTimeoutMillis ?? 10_000
    this.#idle.add(member)
    if (idleTimeoutMillis > 0) member.idleTimer = setTimeout(() => this.#close(member), idleTimeoutMillis)
    if (allowExitOnIdle !== true) return
    member.idleTimer?.unref()
    refs(member.client!).unref()
  }

  /** Its place is free at once; the connection is closed when the promise resolves. */
  #close(member: Member): Promise<void> {
    this.#remove(member)
    const closed = closeGently(member.client!).finally(() => this.#closing.delete(closed))
    this.#closing.add(closed)
    return closed
  }

  #lost(member: Member): void {
    // One that is lent is given back, and judged then.
    if (!this.#idle.has(member)) return
    this.#remove(member)
    this.#serve()
  }

  #remove(member: Member): void {
    clearTimeout(member.idleTimer)
    this.#idle.delete(member)
    this.#members.delete(member)
    if (this.#members.size === 0) this.#onEmpty?.()
  }

  #expiry(): number {
    const { maxLifetimeSeconds = 0 } = this.#host.options
    return maxLifetimeSeconds > 0 ? performance.now() + maxLifetimeSeconds * 1000 : Infinity
  }

  #startTimer(waiter: Waiter, onLate: () => void): void {
    const { connectionTimeoutMillis = 0 } = this.#host.options
    waiter.timer = connectionTimeoutMillis > 0 ? setTimeout(onLate, connectionTimeoutMillis) : undefined
  }
}

/** As pg-pool says it. */
const openedTooLate = 'Connection terminated due to connection timeout'

async function closeGently(client: TenantClient): Promise<void> {
  const timer = setTimeout(() => destroy(client), closingMs).unref()
  try {
    await (client as Client).end()
  } catch {
    destroy(client)
  } finally {
    clearTimeout(timer)
  }
}

function destroy(client: TenantClient): void {
  ;(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
}

/** node-postgres' types leave them out. */
function refs(client: TenantClient): { ref(): void; unref(): void } {
  return client as unknown as { ref(): void; unref(): void }
}
