/**
 * A connection that binds every statement it is given. It keeps no tenant between statements. It knows for which binding it is
 * checked out, so that a statement from another scope is refused, and whether a statement left something on it that the next user would
 * find, so that the pool can destroy it.
 */
import pg, { type Client } from 'pg'
import { examine, statementFactsAround, type ExaminedText, type StatementFacts } from '../../sql/statement-facts.ts'
import { both, callbackOf, inCurrentContext, refuse } from '../binding/answers.ts'
import type { Binder } from '../binding/binder.ts'
import type { Binding } from '../binding/binding.ts'
import { wrongTenant } from '../binding/binding-refusals.ts'
import { BindingWriter } from '../binding/binding-writer.ts'
import { BoundQuery } from '../binding/bound-query.ts'
import { bindSubmittable } from '../binding/bound-submittable.ts'
import type { Carrier } from '../binding/carrier.ts'
import {
  activeQueryOf,
  queryQueueOf,
  type ClientInternals,
  type QueryCallback,
  type QueryConfigLike,
  type SubmittableLike,
  type TransactionStatusLike,
} from '../binding/pg-internals.ts'
import { isQueryObject, textOf } from '../binding/query-object.ts'
import { nextAffinitySeed } from './affinity.ts'
import { leavesOnForeignPool, madeWithoutPool, pipelineRefused, usedAfterRelease } from './client-refusals.ts'
import { binderKey, isPoolMaking, type TenantClientConfig } from './making-clients.ts'
import { PathTripwire } from './path-tripwire.ts'
import type { PoolMember } from './pool-internals.ts'
import { printAs } from './secrets.ts'
import { clean, doubtAbout, type Verdict } from './verdict.ts'

type State =
  /** Not made by our pool: every statement is bound to the scope it comes from. */
  | { readonly kind: 'free' }
  /** Not checked out yet: what is sent now prepares the session for all tenants. */
  | { readonly kind: 'preparing' }
  /** In the pool. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'lent'; readonly binding: Binding }
  /** Bound by settings of the session; statements go as they are. Never used again afterwards. */
  | { readonly kind: 'session'; readonly binding: Binding }

export class TenantClient extends pg.Client implements Carrier, PoolMember {
  readonly affinitySeed = nextAffinitySeed()
  readonly #binder: Binder
  #state: State = { kind: 'free' }
  #transactionOf: Binding | undefined
  #left: string | undefined
  #transactionStatus: TransactionStatusLike = null
  #isAbandoned = false
  readonly #tripwire = new PathTripwire()
  readonly served = new Set<string>()
  serverVersionNumber = 0
  readonly uncertainNames = new Set<string>()
  readonly bindingWriter = new BindingWriter()

  constructor(config?: TenantClientConfig) {
    super(config)
    const binder = config?.[binderKey]
    if (binder === undefined) throw madeWithoutPool()
    if (this.pipeline) throw pipelineRefused()
    this.#binder = binder
    if (isPoolMaking()) this.#state = { kind: 'preparing' }
    const { connection } = this as unknown as ClientInternals
    printAs(this, 'TenantClient', () => this.#description())
    printAs(connection, 'Connection', () => ({ server: this.#server }))
    connection.on('parameterStatus', (message: { parameterName: string; parameterValue: string }) => {
      if (message.parameterName === 'server_version') this.serverVersionNumber = versionNumber(message.parameterValue)
      if (message.parameterName === 'search_path') this.#tripwire.report(message.parameterValue, activeQueryOf(this))
    })
    connection.on('readyForQuery', ({ status }: { status: TransactionStatusLike }) => (this.#transactionStatus = status))
    // A lost connection fails the statement on it and is never reused; without a listener it would also end the process.
    this.on('error', () => {})
  }

  /** What the server reported with its last answer. node-postgres has this method only since 8.21. */
  override getTransactionStatus(): TransactionStatusLike {
    return this.#transactionStatus
  }

  override connect(): Promise<Client>
  override connect(callback: (error: Error) => void): void
  override connect(callback?: (error: Error) => void): Promise<Client> | void {
    const connected = this.#binder.outside(() => super.connect()).then(() => this.#learnRoute())
    if (callback === undefined) return connected
    connected.then(
      () => process.nextTick(callback as () => void),
      (error: Error) => process.nextTick(callback, error),
    )
  }

  /** Whether the server session that answers is the one that was opened, or one that a pooler lends. One round trip. */
  async #learnRoute(): Promise<Client> {
    try {
      const { rows } = (await super.query('select pg_catalog.pg_backend_pid() as pid')) as { rows: { pid: number }[] }
      this.bindingWriter.isDirect = rows[0]?.pid === (this as unknown as ClientInternals).processID
      return this
    } catch (error) {
      // The pool drops a client that could not connect; the server keeps the session as long as the connection is open.
      void super.end()
      throw error
    }
  }

  override query(config: any, values?: any, callback?: any): any {
    if (config === null || config === undefined)
      throw new TypeError('client.query needs a text, a config object or a query object.')
    const done = inCurrentContext(callbackOf(config, values, callback))
    const query = isQueryObject(config) ? config : undefined
    try {
      if (query !== undefined) return this.#queryObject(query, done)
      return this.#queryText(config as string | QueryConfigLike, Array.isArray(values) ? values : undefined, done)
    } catch (error) {
      return refuse(error as Error, query, done, (this as unknown as ClientInternals).connection)
    }
  }

  #queryText(config: string | QueryConfigLike, values: readonly unknown[] | undefined, done: QueryCallback | undefined): unknown {
    const examined = examine(textOf(config))
    const binding = this.#bindingFor(examined.facts)
    if (binding === undefined) return this.#sendUnbound(config, values, done)
    if (done === undefined) return this.#sendAndWait(binding, config, values, examined)
    this.sendFor(binding, config, values, examined, done)
    return undefined
  }

  #sendAndWait(
    binding: Binding,
    config: string | QueryConfigLike,
    values: readonly unknown[] | undefined,
    examined: ExaminedText,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.sendFor(binding, config, values, examined, (error, result) => (error ? reject(error) : resolve(result)))
    }).catch((error: Error) => {
      // The stack up to the socket says nothing; that of the caller does.
      Error.captureStackTrace(error)
      throw error
    })
  }

  #queryObject(query: SubmittableLike, done: QueryCallback | undefined): unknown {
    const { facts } = examine(textOf(query))
    const binding = this.#bindingFor(facts)
    if (done !== undefined) query.callback = both(done, query.callback)
    if (binding !== undefined) {
      bindSubmittable(query, facts, this, binding)
      this.#left ??= facts.leaves
    }
    return this.#send(query)
  }

  #sendUnbound(
    config: string | QueryConfigLike,
    values: readonly unknown[] | undefined,
    done: QueryCallback | undefined,
  ): unknown {
    const answer =
      done === undefined ? super.query(config as any, values as any) : super.query(config as any, values as any, done)
    this.#noteSent((queryQueueOf(this)?.at(-1) ?? activeQueryOf(this)) as object)
    return answer
  }

  /** The query method of node-postgres, which sends ours. */
  #send(query: SubmittableLike): unknown {
    this.#noteSent(query)
    return super.query(query as any)
  }

  #noteSent(query: object): void {
    if (this.#state.kind === 'preparing') this.#tripwire.expect(query)
  }

  /** The binding of a statement that is called now; undefined when it goes without one. */
  #bindingFor(facts: StatementFacts): Binding | undefined {
    const state = this.#state
    if (state.kind === 'free') return this.#captureFree(facts)
    if (state.kind === 'preparing') return facts.leaves === undefined ? this.#binder.shared : undefined
    if (state.kind === 'idle') throw usedAfterRelease()
    const now = this.#binder.tryCapture()
    if (now !== undefined && now.key !== state.binding.key) throw wrongTenant(state.binding, now)
    return state.kind === 'session' ? undefined : state.binding
  }

  /** A pool of another library passes this client from tenant to tenant without asking whether it is clean: nothing may be left on it. */
  #captureFree({ leaves }: StatementFacts): Binding | undefined {
    if (leaves === undefined) return this.#binder.capture()
    if (this.#binder.tryCapture() === undefined) return undefined
    throw leavesOnForeignPool(leaves)
  }

  // What a pool does with its clients.

  /** Lends the client for this binding; true when it never served the binding before. */
  lend(binding: Binding): boolean {
    this.#state = { kind: 'lent', binding }
    this.bindingWriter.handOver(binding)
    return this.served.size < this.served.add(binding.key).size
  }

  get isAtRest(): boolean {
    return this.#state.kind === 'idle'
  }

  /** From here to its end the client serves one binding, whose settings are made for the session. */
  lendSession(binding: Binding): void {
    this.#state = { kind: 'session', binding }
  }

  /** Takes the client back, and says whether it may be used again. */
  takeBack(maxTenants = Infinity): Verdict {
    const state = this.#state
    this.#state = { kind: 'idle' }
    if (state.kind === 'session') return { isClean: false, reason: 'it was bound for a session' }
    if (this.#isAbandoned) return { isClean: false, reason: 'its answers could not be trusted' }
    const doubt = doubtAbout(this as unknown as ClientInternals, this.getTransactionStatus())
    if (doubt !== undefined) return { isClean: false, reason: doubt }
    const tampering = this.#tripwire.tampering(state.kind === 'lent' ? state.binding.schema : '')
    if (tampering !== undefined) return { isClean: false, reason: 'its search path was changed for the session', tampering }
    if (this.#left !== undefined) return { isClean: false, reason: `it holds ${this.#left}` }
    if (this.served.size > maxTenants) return { isClean: false, reason: `it served ${this.served.size} tenants` }
    return clean
  }

  /** Runs a statement for another binding than the one the client is lent for: provisioning fills a schema that it created itself. */
  queryFor(binding: Binding, examined: ExaminedText, values?: readonly unknown[]): Promise<any> {
    if (this.#state.kind === 'idle') return Promise.reject(usedAfterRelease())
    return this.#sendAndWait(binding, examined.text, values, examined)
  }

  /** As queryFor, with a text of several statements of which all except `foreign` are our own. */
  queryAround(binding: Binding, text: string, foreign: string): Promise<any> {
    return this.#sendAndWait(binding, text, undefined, { text, facts: statementFactsAround(foreign) })
  }

  /** Runs a statement for a binding that the caller is responsible for, in whatever async context. */
  sendFor(
    binding: Binding,
    config: string | QueryConfigLike,
    values: readonly unknown[] | undefined,
    examined: ExaminedText,
    done: QueryCallback,
  ): void {
    const query = new BoundQuery(this, binding, config, values, examined)
    this.#left ??= query.facts.leaves
    query.callback = done
    this.#send(query)
  }

  // What the bound queries require of their carrier.

  assertTransactionOf(binding: Binding, { control }: StatementFacts): void {
    if (this.#state.kind !== 'free') return
    const isOpen = this.getTransactionStatus() !== 'I'
    if (isOpen && this.#transactionOf !== undefined && this.#transactionOf.key !== binding.key)
      throw wrongTenant(this.#transactionOf, binding)
    if (control === 'begin') this.#transactionOf = binding
    // No pool lends this client: each statement may come from another tenant than the one before.
    this.bindingWriter.handOver(binding)
  }

  isIdle(query: SubmittableLike): boolean {
    return queryQueueOf(this)?.length === 0 && (activeQueryOf(this) ?? query) === query
  }

  resubmit(query: SubmittableLike): void {
    this.#send(query)
  }

  abandon(): void {
    this.#isAbandoned = true
    const { connection } = this as unknown as ClientInternals
    connection.stream.destroy()
  }

  get #server(): string {
    return `${this.host}:${this.port}/${this.database} as ${this.user}`
  }

  #description(): object {
    const { processID } = this as unknown as ClientInternals
    const binding = 'binding' in this.#state ? this.#state.binding.label : undefined
    return { server: this.#server, processID, state: this.#state.kind, ...(binding !== undefined && { binding }) }
  }
}

/** `15.18 (Debian 15.18-0)` -> 150018; only the major number matters here. */
function versionNumber(version: string): number {
  const [major = 0, minor = 0] = version.split(/[^0-9]+/).map(Number)
  return major * 10_000 + minor
}
