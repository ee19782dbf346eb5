/**
 * One pool of connections for every tenant. It is a pg.Pool, so every library that takes a pg.Pool is tenant-aware without knowing it.
 *
 * The binding is captured when `query` or `connect` is CALLED. pg-pool runs its callbacks in the async context of the caller that
 * released the connection; a scope read there may be another tenant's. A client goes back only when it is proven clean; an SQL error
 * is no reason to destroy it, a doubt about its state is.
 */
import pg, { type ClientConfig, type PoolClient, type PoolConfig } from 'pg'
import { TenancyError } from '../../errors.ts'
import type { Tampering } from '../../events.ts'
import { Affinity } from './affinity.ts'
import { examine } from '../../sql/statement-facts.ts'
import { callbackOf, inCurrentContext } from '../binding/answers.ts'
import type { Binder } from '../binding/binder.ts'
import { bindingLiteral, type Binding } from '../binding/binding.ts'
import { bindingError } from '../binding/binding-refusals.ts'
import { checkoutHere, HeldClients, type Checkout } from './held-clients.ts'
import { isServerError, type QueryCallback, type SubmittableLike } from '../binding/pg-internals.ts'
import { isCopy, isCursor, isQueryObject, textOf } from '../binding/query-object.ts'
import { hasPoolInternals, warnOfPlainPool, type PoolInternals } from './pool-internals.ts'
import { assertOneStatement, needsClient } from './pool-refusals.ts'
import { printAs, spellOutConnectionString, withoutTlsSecrets } from './secrets.ts'
import { binderKey, makingForPool, TenantClient, type Verdict } from './tenant-client.ts'
import { TenantTurns } from './tenant-turns.ts'

export interface TenantPoolConfig extends PoolConfig {
  binder: Binder
  /** Resolves to the address of the server where that is not known from the start. Called once, at the first use. */
  locate?: (() => Promise<ClientConfig>) | undefined
  /** Receives the reason when a connection is destroyed instead of reused. */
  onDiscard?: ((reason: string) => void) | undefined
  /** Called before that, when the search path of a connection was changed for its session. */
  onTamper?: ((tampering: Tampering) => void) | undefined
  maxPerTenant?: number | undefined
  maxTenantsPerConnection?: number | undefined
  warnWhenHeldMs?: number | undefined
}

type TakeCallback = (error: Error | undefined, client?: TenantPoolClient, release?: Release) => void
type Release = (error?: Error | boolean) => void
export type TenantPoolClient = TenantClient & { release: Release }

// The name must contain "Pool": drizzle-orm recognises a pool by the name of its class.
export class TenantPool extends pg.Pool {
  /** Set here because a minifier changes the name of the class. */
  static override readonly name: string = 'TenantPool'
  readonly #binder: Binder
  readonly #onDiscard: ((reason: string) => void) | undefined
  readonly #onTamper: ((tampering: Tampering) => void) | undefined
  /** The pool itself, where it has the internals that the choice of a connection depends on. */
  readonly #internals: PoolInternals | undefined
  readonly #affinity: Affinity | undefined
  readonly #turns: TenantTurns | undefined
  readonly #held: HeldClients
  readonly #maxTenants: number
  #locate: (() => Promise<ClientConfig>) | undefined
  #located: Promise<void> | undefined

  /** As in pg.Pool, bound to the scope of the caller. A property, so that it keeps every overload of the original. */
  override readonly query: pg.Pool['query'] = ((...args: [any, any?, any?]) => this.#queryOrCall(...args)) as pg.Pool['query']

  constructor(options: TenantPoolConfig) {
    const {
      binder,
      locate,
      onDiscard,
      onTamper,
      maxPerTenant,
      maxTenantsPerConnection = Infinity,
      warnWhenHeldMs = 0,
      ...config
    } = options
    super({ ...config, Client: TenantClient, [binderKey]: binder } as PoolConfig)
    spellOutConnectionString(this.options)
    printAs(this.options, 'options', () => withoutTlsSecrets(this.options))
    printAs(this, 'TenantPool', () => this.#description())
    this.#binder = binder
    this.#onDiscard = onDiscard
    this.#onTamper = onTamper
    this.#locate = locate
    this.#internals = hasPoolInternals(this) ? (this as unknown as PoolInternals) : warnOfPlainPool()
    this.#affinity = this.#internals && new Affinity(this.#internals, maxTenantsPerConnection)
    this.#turns = maxPerTenant === undefined ? undefined : new TenantTurns(maxPerTenant, config.connectionTimeoutMillis ?? 0)
    this.#held = new HeldClients(warnWhenHeldMs, (message) => process.emitWarning(message, { code: 'PARTYWALL_HELD_CLIENT' }))
    this.#maxTenants = maxTenantsPerConnection
    // An idle connection that is lost is replaced at the next use; without a listener the error would end the process.
    this.on('error', () => {})
    this.on('remove', (client) => this.#affinity?.forgot(client as unknown as TenantClient))
  }

  override connect(): Promise<PoolClient>
  override connect(callback: (error: Error | undefined, client: PoolClient | undefined, done: Release) => void): void
  override connect(
    callback?: (error: Error | undefined, client: PoolClient | undefined, done: Release) => void,
  ): Promise<PoolClient> | void {
    const done = inCurrentContext(callback)
    const checkout = checkoutHere(TenantPool.prototype.connect)
    const taken = this.#capture((binding) => this.#checkOut(binding, checkout))
    if (done === undefined) return taken as unknown as Promise<PoolClient>
    taken.then(
      (client) => callOutside(() => done(undefined, client as unknown as PoolClient, client.release)),
      (error: Error) => callOutside(() => done(error, undefined, () => {})),
    )
  }

  /**
   * Lends a client for a binding that the caller is responsible for, whatever the scope.
   * @param checkout whose stack names the caller when the client is not released; absent where it certainly is
   */
  connectFor(binding: Binding, checkout?: Checkout): Promise<TenantPoolClient> {
    return this.#checkOut(binding, checkout)
  }

  /**
   * Lends a client whose search path is set for the whole session, for statements that cannot be bound (VACUUM, CREATE INDEX
   * CONCURRENTLY, CALL with COMMIT). Its connection is closed afterwards. Costs one connection and one round trip more.
   * @throws TenancyError UNSAFE_STATEMENT behind a pooler that may hand the statements to different server sessions
   */
  async session<T>(binding: Binding, fn: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#checkOut(binding, checkoutHere(TenantPool.prototype.session))
    try {
      await startSession(client, binding)
      return await fn(client as unknown as PoolClient)
    } finally {
      client.release(true)
    }
  }

  /** Ends the pool as pg.Pool does; callers that wait for a connection get an error instead of waiting indefinitely. */
  override end(): Promise<void>
  override end(callback: () => void): void
  override end(callback?: () => void): Promise<void> | void {
    const waiting = this.#internals?._pendingQueue.splice(0) ?? []
    const ended = callback === undefined ? super.end() : super.end(callback)
    for (const waiter of waiting) waiter.callback(new Error('Cannot use a pool after calling end on the pool'))
    return ended
  }

  #queryOrCall(config: any, values?: any, callback?: any): unknown {
    // Before its callback is taken: one of the streams brings one that does nothing.
    if (isQueryObject(config) && isCopy(config)) return Promise.reject(needsClient('A COPY stream'))
    const done = inCurrentContext(callbackOf(config, values, callback))
    const answer = this.#capture((binding) => this.#queryOnce(binding, config, Array.isArray(values) ? values : undefined))
    if (done === undefined) return answer
    answer.then(
      (result) => callOutside(() => done(undefined, result)),
      (error: Error) => callOutside(() => done(error)),
    )
    return undefined
  }

  #capture<T>(use: (binding: Binding) => Promise<T>): Promise<T> {
    try {
      return use(this.#binder.capture())
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * One statement on one connection, in one promise: this is the hot path. Its callbacks may run in another caller's async context,
   * which does not matter, because the captured binding is passed to all that follows.
   */
  #queryOnce(binding: Binding, config: any, values: readonly unknown[] | undefined): Promise<unknown> {
    if (config === null || config === undefined || typeof config === 'function') {
      throw new TypeError('pool.query needs a text, a config object or a query object.')
    }
    if (isQueryObject(config)) return this.#queryObjectOnce(binding, config)
    const examined = examine(textOf(config))
    assertOneStatement(examined)
    return new Promise((resolve, reject) => {
      this.#checkOutThen(binding, (refusal, client) => {
        if (client === undefined) return reject(refusal)
        const settle: QueryCallback = (error, result) => {
          client.release()
          if (error) reject(error)
          else resolve(result)
        }
        try {
          client.sendFor(binding, config, values, examined, settle)
        } catch (error) {
          // A getter of the caller's config may throw.
          settle(error as Error)
        }
      })
    }).catch((error: Error) => {
      // The stack up to the socket says nothing; that of the caller does.
      if (error instanceof Error) Error.captureStackTrace(error)
      throw error
    })
  }

  /** A query object counts as done when it calls its callback. */
  async #queryObjectOnce(binding: Binding, query: SubmittableLike): Promise<unknown> {
    if (isCursor(query)) throw needsClient('A cursor')
    const client = await this.#checkOut(binding)
    try {
      return await new Promise((resolve, reject) => {
        client.query(query, undefined, (error: Error | null, result: unknown) => (error ? reject(error) : resolve(result)))
      })
    } finally {
      client.release()
    }
  }

  #checkOutThen(binding: Binding, done: (error: Error | undefined, client?: TenantPoolClient) => void): void {
    if (this.#turns === undefined && this.#locate === undefined) {
      return this.#take(binding, (error, client) => {
        if (client === undefined) done(error)
        else done(undefined, this.#lend(client, binding, undefined))
      })
    }
    this.#checkOut(binding).then(
      (client) => done(undefined, client),
      (error: Error) => done(error),
    )
  }

  /** @param checkout whose stack names the caller when the client is not released; absent where it certainly is */
  async #checkOut(binding: Binding, checkout?: Checkout): Promise<TenantPoolClient> {
    if (this.#locate !== undefined) await (this.#located ??= this.#findServer(this.#locate))
    if (this.#turns !== undefined) await this.#turns.take(binding)
    try {
      const client = await new Promise<TenantPoolClient>((resolve, reject) =>
        this.#take(binding, (error, taken) => (taken === undefined ? reject(error) : resolve(taken))),
      )
      return this.#lend(client, binding, checkout)
    } catch (error) {
      this.#turns?.giveBack(binding)
      throw error
    }
  }

  #take(binding: Binding, done: TakeCallback): void {
    const take: TakeCallback = (error, client) => (client === undefined ? done(this.#explain(error)) : done(undefined, client))
    const enqueue = (): void => super.connect(take as never)
    if (this.#affinity === undefined) enqueue()
    else this.#affinity.take(binding, take, enqueue)
  }

  #lend(client: TenantPoolClient, binding: Binding, checkout: Checkout | undefined): TenantPoolClient {
    const giveBack = client.release
    let isReleased = false
    if (client.lend(binding)) this.#affinity?.learned(binding.key, client)
    if (checkout !== undefined) this.#held.add(client, binding.label, checkout)
    client.release = (error) => {
      // pg-pool refuses a second release; it must not touch a client that another caller holds by now.
      if (isReleased) return giveBack(error)
      isReleased = true
      this.#held.remove(client)
      const verdict = client.takeBack(this.#maxTenants)
      if (!verdict.isClean) this.#report(verdict)
      giveBack(error || !verdict.isClean)
      this.#turns?.giveBack(binding)
    }
    return client
  }

  #report({ reason, tampering }: Exclude<Verdict, { isClean: true }>): void {
    if (tampering !== undefined) this.#onTamper?.(tampering)
    this.#onDiscard?.(reason)
  }

  #explain(error: Error | undefined): Error | undefined {
    if (error?.message !== 'timeout exceeded when trying to connect') return error
    const { max, connectionTimeoutMillis } = this.options
    return new TenancyError(
      'POOL_EXHAUSTED',
      `All ${max} connections of the pool stayed busy for ${connectionTimeoutMillis} ms; ${this.#held.describeLongest()}. Release every ` +
        'client in a finally block, raise pool.max, or look for slow statements.',
      { details: { max, connectionTimeoutMillis }, cause: error },
    )
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

const newClient: (this: unknown, waiter: unknown) => void = (pg.Pool.prototype as any).newClient
const pulseQueue: (this: unknown) => void = (pg.Pool.prototype as any)._pulseQueue ?? (() => {})

async function startSession(client: TenantPoolClient, binding: Binding): Promise<void> {
  if (!client.bindingWriter.isDirect) {
    throw new TenancyError(
      'UNSAFE_STATEMENT',
      'A session needs a connection of its own, but the connection leads through a pooler: the server session that answers is not the ' +
        'one that was opened. Use a connection string that leads to PostgreSQL itself for this work.',
    )
  }
  client.lendSession(binding)
  try {
    const send = pg.Client.prototype.query as unknown as (this: unknown, text: string) => Promise<unknown>
    await send.call(client, `discard temp; discard sequences; ${bindingLiteral(binding, { isLocal: false })}`)
  } catch (error) {
    throw isServerError(error) ? bindingError(error, binding) : error
  }
}

/** An error that the caller's callback throws must not count as a failed promise. */
function callOutside(fn: () => unknown): void {
  process.nextTick(fn)
}
