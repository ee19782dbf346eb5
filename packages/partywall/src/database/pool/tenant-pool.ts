/**
 * One pool of connections for every tenant. It is a pg.Pool, so every library that takes a pg.Pool is tenant-aware without knowing it.
 *
 * The binding is captured when `query` or `connect` is CALLED. pg-pool runs its callbacks in the async context of the caller that
 * released the connection; a scope read there may be another tenant's. A client goes back only when it is proven clean; an SQL error
 * is no reason to destroy it, a doubt about its state is.
 */
import pg, { type Client, type ClientConfig, type PoolClient, type PoolConfig } from 'pg'
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Tampering } from '../../events.ts'
import { Observation, type ObservedPool } from '../../observation.ts'
import { callbackFor, givenCallback, inCurrentContext, onceBoth, throwFromCaller, type QueryCall } from '../binding/answers.ts'
import type { Binder } from '../binding/binder.ts'
import type { Binding } from '../binding/binding.ts'
import { outgoing, type OutgoingText } from '../binding/outgoing-text.ts'
import type { QueryCallback, SubmittableLike } from '../binding/pg-internals.ts'
import { isCopy, isCursor, isQueryObject } from '../binding/query-object.ts'
import { Affinity } from './affinity.ts'
import { checkedOut } from './checked-out-client.ts'
import { commented } from './commented-text.ts'
import { checkoutHere, type Checkout, type HeldClient } from './held-clients.ts'
import { Lending } from './lending.ts'
import type { Loan } from './loan.ts'
import { poolHasEnded, type LoginHost, type LoginSource } from './login-source.ts'
import { makerKey, makingForPool, type Maker } from './making-clients.ts'
import { hasPoolInternals, warnOfPlainPool, type PoolInternals } from './pool-internals.ts'
import { assertOneStatement, needsClient, needsQuery } from './pool-refusals.ts'
import { printAs, spellOutConnectionString, withoutTlsSecrets } from './secrets.ts'
import { TenantClient } from './tenant-client.ts'

export interface TenantPoolConfig extends PoolConfig {
  binder: Binder
  /** Resolves to the address of the server where that is not known from the start. Called once, at the first use. */
  locate?: (() => Promise<ClientConfig>) | undefined
  /** Receives the reason when a connection is destroyed instead of reused. */
  onDiscard?: ((reason: string) => void) | undefined
  /** Called before that, when the search path of a connection was changed for its session. */
  onTamper?: ((tampering: Tampering) => void) | undefined
  /** Makes the connections that log in as a tenant. Absent: no tenant has a login of its own. */
  logins?: ((host: LoginHost) => LoginSource) | undefined
  maxPerTenant?: number | undefined
  maxTenantsPerConnection?: number | undefined
  maxPreparedStatements?: number | undefined
  warnWhenHeldMs?: number | undefined
  /** Hears of statements and of waiting. @default none does */
  observation?: Observation | undefined
  /** What the pool is called there. @default 'work' */
  observedAs?: ObservedPool | undefined
}

let loginsOf: (pool: TenantPool) => LoginSource | undefined

let heldIn: (pool: TenantPool) => HeldClient[]

let lendTo: (pool: TenantPool, binding: Binding, checkout: Checkout | undefined) => Promise<Loan>

// The name must contain "Pool": drizzle-orm recognises a pool by the name of its class.
export class TenantPool extends pg.Pool {
  /** Set here because a minifier changes the name of the class. */
  static override readonly name: string = 'TenantPool'
  readonly #binder: Binder
  readonly #observation: Observation
  /** The pool itself, where it has the internals that the choice of a connection depends on. */
  readonly #internals: PoolInternals | undefined
  readonly #affinity: Affinity | undefined
  readonly #lending: Lending
  readonly #logins: LoginSource | undefined
  #locate: (() => Promise<ClientConfig>) | undefined
  #located: Promise<void> | undefined

  static {
    loginsOf = (pool) => pool.#logins
    heldIn = (pool) => pool.#lending.held()
    lendTo = (pool, binding, checkout) => pool.#lending.lend(binding, checkout)
  }

  /** As in pg.Pool, bound to the scope of the caller. A property, so that it keeps every overload of the original. */
  override readonly query: pg.Pool['query'] = ((config: any, values?: any, callback?: any) =>
    this.#queryOrCall({ config, values, callback })) as pg.Pool['query']

  constructor(options: TenantPoolConfig) {
    const {
      binder,
      locate,
      onDiscard,
      onTamper,
      logins,
      maxPerTenant,
      maxTenantsPerConnection = Infinity,
      maxPreparedStatements = Infinity,
      warnWhenHeldMs = 0,
      observation = new Observation({}),
      observedAs = 'work',
      ...config
    } = options
    const maker: Maker = { binder, observation, maxPreparedStatements, prepare: (client) => this.#prepare(client) }
    super({ ...config, Client: TenantClient, [makerKey]: maker } as PoolConfig)
    spellOutConnectionString(this.options)
    printAs(this.options, 'options', () => withoutTlsSecrets(this.options))
    printAs(this, 'TenantPool', () => this.#description())
    this.#binder = binder
    this.#observation = observation
    this.#locate = locate
    this.#internals = hasPoolInternals(this) ? (this as unknown as PoolInternals) : warnOfPlainPool()
    this.#affinity = this.#internals && new Affinity(this.#internals, maxTenantsPerConnection)
    this.#logins = logins?.({ options: this.options, maker })
    this.#lending = new Lending(this, {
      enqueue: (take) => super.connect(take as never),
      locating: () => this.#locating(),
      logins: this.#logins,
      affinity: this.#affinity,
      onDiscard,
      onTamper,
      maxPerTenant,
      maxTenantsPerConnection,
      warnWhenHeldMs,
      observation,
      observedAs,
    })
    // An idle connection that is lost is replaced at the next use; without a listener the error would end the process.
    this.on('error', () => {})
    this.on('remove', (client) => this.#affinity?.noteClosed(client as unknown as TenantClient))
  }

  override connect(): Promise<PoolClient>
  override connect(
    callback: (error: Error | undefined, client: PoolClient | undefined, done: (error?: Error | boolean) => void) => void,
  ): void
  override connect(
    callback?: (error: Error | undefined, client: PoolClient | undefined, done: (error?: Error | boolean) => void) => void,
  ): Promise<PoolClient> | void {
    const done = inCurrentContext(callback)
    const checkout = checkoutHere(TenantPool.prototype.connect)
    const taken = this.#capture(async (binding) => checkedOut(await this.#lending.lend(binding, checkout)))
    if (done === undefined) return taken
    taken.then(
      (client) => callOutside(() => done(undefined, client, client.release)),
      (error: Error) => callOutside(() => done(error, undefined, () => {})),
    )
  }

  /** Ends the pool as pg.Pool does; callers that wait for a connection get an error instead of waiting indefinitely. */
  override end(): Promise<void>
  override end(callback: () => void): void
  override end(callback?: () => void): Promise<void> | void {
    const waiting = this.#internals?._pendingQueue.splice(0) ?? []
    const logins = this.#logins?.end()
    const own = callback === undefined || logins !== undefined ? super.end() : super.end(callback)
    const ended = logins === undefined ? own : this.#endBoth(own, logins, callback)
    for (const waiter of waiting) waiter.callback(new Error(poolHasEnded))
    return ended
  }

  #endBoth(own: Promise<void> | void, logins: Promise<void>, callback: (() => void) | undefined): Promise<void> | void {
    const ended = bothEnded(own, logins)
    if (callback === undefined) return ended
    void ended.then(callback)
  }

  #queryOrCall(call: QueryCall): unknown {
    const { config, values } = call
    if (typeof config === 'function') return void process.nextTick(config, needsQuery())
    // Before its callback is taken: one of the streams brings one that does nothing.
    if (isQueryObject(config) && isCopy(config)) return Promise.reject(needsClient('A COPY stream'))
    const done = inCurrentContext(isQueryObject(config) ? givenCallback(call) : callbackFor(call))
    const answer = this.#capture((binding) =>
      isQueryObject(config) ? this.#queryObjectOnce(binding, config) : this.#queryOnce(binding, outgoing(config, values)),
    )
    if (done === undefined) return answer
    answer.then(
      (result) => callOutside(() => done(undefined, result)),
      (error: Error) => callOutside(() => done(error)),
    )
    return undefined
  }

  #capture<T>(use: (binding: Binding) => Promise<T>): Promise<T> {
    let binding: Binding | undefined
    try {
      const arriving = this.#binder.arriving?.()
      if (arriving !== undefined) return arriving.then(() => use(this.#binder.capture()))
      binding = this.#binder.capture()
      return use(binding)
    } catch (error) {
      this.#observation.refused(error, binding)
      return Promise.reject(error)
    }
  }

  /**
   * One statement on one connection, in one promise: this is the hot path. Its callbacks may run in another caller's async context,
   * which does not matter, because the captured binding is passed to all that follows.
   */
  #queryOnce(binding: Binding, given: OutgoingText): Promise<unknown> {
    assertOneStatement(given.examined)
    this.#observation.admit(binding)
    const text = commented(given, binding, this.#observation)
    return new Promise((resolve, reject) => {
      const send = (refusal: Error | undefined, loan?: Loan): void => {
        if (loan === undefined) return reject(refusal)
        const settle: QueryCallback = (error, result) => {
          loan.release()
          if (error) reject(error)
          else resolve(result)
        }
        try {
          loan.client.sendFor(binding, text, settle)
        } catch (error) {
          // A getter of the caller's config may throw.
          settle(error as Error)
        }
      }
      this.#lending.lendThen(binding, this.#observation.keepsContext ? inContextOfCaller(send) : send)
    }).catch(throwFromCaller)
  }

  /** A query object counts as done when it calls its callback. */
  #queryObjectOnce(binding: Binding, query: SubmittableLike): Promise<unknown> {
    if (isCursor(query)) throw needsClient('A cursor')
    this.#observation.admit(binding)
    const own = query.callback
    const answer = this.#sendObject(binding, query, own)
    // Its own callback gets the error, too.
    if (own !== undefined) answer.catch(() => {})
    return answer
  }

  async #sendObject(binding: Binding, query: SubmittableLike, own: QueryCallback | undefined): Promise<unknown> {
    const loan = await this.#lending.lend(binding)
    try {
      return await new Promise((resolve, reject) => {
        // It stays: the query may hear of the end of its connection later.
        query.callback = onceBoth((error, result) => (error ? reject(error) : resolve(result)), own)
        loan.client.sendObjectFor(binding, query)
      })
    } finally {
      loan.release()
    }
  }

  /**
   * The listeners of "connect" prepare a new connection before it is lent. pg-pool would not wait for them: a listener that awaits something
   * would send its next statement on a connection that a tenant already has.
   */
  async #prepare(client: Client): Promise<void> {
    for (const listener of this.rawListeners('connect')) await Reflect.apply(listener, this, [client])
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'release') (args[1] as TenantClient).rest()
    // The listeners of this event have been called already.
    return event === 'connect' ? this.listenerCount(event) > 0 : super.emit(event, ...args)
  }

  #description(): object {
    const { host, port, database, user, max } = this.options
    const server = host === undefined ? 'not located yet' : `${host}:${port}/${database} as ${user}`
    return { server, max, total: this.totalCount, idle: this.idleCount, waiting: this.waitingCount }
  }

  /** pg-pool calls this when it needs one more connection. */
  protected newClient(waiter: unknown): void {
    makingForPool(() => newClient.call(this, waiter))
  }

  /** pg-pool calls this whenever a waiter and a connection may come together. */
  protected _pulseQueue(): void {
    const internals = this.#internals
    const advice = internals === undefined || internals.ending ? 'take' : this.#affinity!.pair()
    if (advice === 'take') pulseQueue.call(this)
    else if (advice === 'open') this.newClient(internals!._pendingQueue.shift())
  }

  /** Undefined as soon as the address is known. */
  #locating(): Promise<void> | undefined {
    return this.#locate && (this.#located ??= this.#findServer(this.#locate))
  }

  async #findServer(locate: () => Promise<ClientConfig>): Promise<void> {
    try {
      Object.assign(this.options, await locate())
      spellOutConnectionString(this.options)
      this.#locate = undefined
    } finally {
      this.#located = undefined
    }
  }
}

/**
 * Lends a client for a binding that the caller is responsible for, whatever the scope. It is no method, so that a user of `tenancy.pool`
 * does not find it.
 * @param checkout whose stack names the caller when the client is not released; absent where it certainly is
 */
export function connectFor(pool: TenantPool, binding: Binding, checkout?: Checkout): Promise<Loan> {
  return lendTo(pool, binding, checkout)
}

/** The clients that callers have checked out and not released; undefined for a pool of another kind. */
export function heldClientsOf(pool: object): readonly HeldClient[] | undefined {
  return pool instanceof TenantPool ? heldIn(pool) : undefined
}

/** The connections of the pool that log in as tenants. */
export function loginConnectionsOf(pool: TenantPool): LoginSource | undefined {
  return loginsOf(pool)
}

const newClient: (this: unknown, waiter: unknown) => void = (pg.Pool.prototype as any).newClient
const pulseQueue: (this: unknown) => void = (pg.Pool.prototype as any)._pulseQueue ?? (() => {})

async function bothEnded(own: Promise<void> | void, logins: Promise<void>): Promise<void> {
  await Promise.all([own, logins])
}

/** The callback of a lent connection runs in the context of the code that gave it back. */
function inContextOfCaller<Args extends unknown[]>(fn: (...args: Args) => void): (...args: Args) => void {
  const inContext = AsyncLocalStorage.snapshot()
  return (...args) => inContext(fn, ...args)
}

/** An error that the caller's callback throws must not count as a failed promise. */
function callOutside(fn: () => unknown): void {
  process.nextTick(fn)
}
