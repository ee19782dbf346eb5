/**
 * A connection of a TenantPool. It keeps no tenant between statements. It knows for which binding it is lent, so that a statement from
 * another scope is refused, and whether its holder left something on it that the next one would find, so that the pool can destroy it.
 */
import type { Client, CustomTypesConfig, PoolClient } from 'pg'
import { examine, type ExaminedText, type StatementFacts } from '../../sql/statement-facts.ts'
import { callbackFor, inCurrentContext, refuse, type QueryCall } from '../binding/answers.ts'
import type { Binding } from '../binding/binding.ts'
import { assertStaysInRole, controlInside, wrongTenant } from '../binding/binding-refusals.ts'
import { outgoing, type OutgoingText } from '../binding/outgoing-text.ts'
import type { ClientInternals, QueryCallback, SubmittableLike } from '../binding/pg-internals.ts'
import { isQueryObject, textOf } from '../binding/query-object.ts'
import { nextAffinitySeed } from './affinity.ts'
import { leavesOnForeignPool, madeWithoutPool, notCheckedOut } from './client-refusals.ts'
import { isPoolMaking, makerKey, type Maker, type TenantClientConfig } from './making-clients.ts'
import type { PoolMember } from './pool-internals.ts'
import { commented } from './commented-text.ts'
import { printAs } from './secrets.ts'
import { answered, SendingClient } from './sending-client.ts'
import { clean, doubtAbout, type Verdict } from './verdict.ts'

type State =
  /** Not made by our pool: every statement is bound to the scope it comes from. */
  | { readonly kind: 'free' }
  /** Not lent yet: what is sent now prepares the session for all tenants. */
  | { readonly kind: 'preparing' }
  /** In the pool. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'lent'; readonly binding: Binding }
  /** Bound by settings of the session; statements go as they are. Never used again afterwards. */
  | { readonly kind: 'session'; readonly binding: Binding }

interface Listener {
  hear(event: string | symbol, args: readonly unknown[]): void
}

export class TenantClient extends SendingClient implements PoolMember {
  readonly affinitySeed = nextAffinitySeed()
  readonly served = new Set<string>()
  readonly #maker: Maker
  #state: State = { kind: 'free' }
  /** Hears the events of the connection. */
  #holder: Listener | undefined
  #transactionOf: Binding | undefined
  #isWireKnown = false
  /** Set by pg-pool. */
  declare release: () => void

  constructor(config?: TenantClientConfig) {
    const maker = config?.[makerKey]
    if (maker === undefined) throw madeWithoutPool()
    super(config!, maker.maxPreparedStatements, maker.observation)
    this.#maker = maker
    if (isPoolMaking()) this.#state = { kind: 'preparing' }
    printAs(this, 'TenantClient', () => this.description())
  }

  override connect(): Promise<Client>
  override connect(callback: (error: Error) => void): void
  override connect(callback?: (error: Error) => void): Promise<Client> | void {
    const prepare = async (): Promise<void> => {
      if (this.isPreparing) await this.#maker.prepare(this)
    }
    const connected = this.#maker.binder.outside(() => this.open(prepare))
    if (callback === undefined) return connected
    connected.then(
      () => process.nextTick(callback as () => void),
      (error: Error) => process.nextTick(callback, error),
    )
  }

  /** For a client that a library makes, or that a listener of the pool prepares. The holder of a checkout has a CheckedOutClient. */
  override query(config: any, values?: any, callback?: any): any {
    const { kind } = this.#state
    const call = { config, values, callback }
    return kind === 'free' || kind === 'preparing' ? this.queryForHolder(call) : refuse(call, notCheckedOut())
  }

  /** `query` for the holder of a checkout. A refusal reaches the caller as an error of the server would. */
  queryForHolder(call: QueryCall): unknown {
    const { config, values, types } = call
    const done = inCurrentContext(callbackFor(call))
    try {
      return isQueryObject(config)
        ? this.#queryObject(config, done, types)
        : this.#queryText(outgoing(config, values, types), done)
    } catch (error) {
      this.#maker.observation.refused(error, this.#holding)
      return refuse({ ...call, callback: done }, error as Error)
    }
  }

  #queryText(text: OutgoingText, done: QueryCallback | undefined): Promise<unknown> | undefined {
    const binding = this.#bindingFor(text.examined)
    const send = (callback: QueryCallback): void =>
      binding === undefined
        ? this.sendUnbound(text, callback, this.#holding)
        : this.sendFor(binding, commented(text, binding, this.#maker.observation), callback)
    if (done === undefined) return answered(send)
    send(done)
    return undefined
  }

  #queryObject(query: SubmittableLike, done: QueryCallback | undefined, types: CustomTypesConfig | undefined): unknown {
    const binding = this.#bindingFor(examine(textOf(query)))
    if (done !== undefined) query.callback = done
    if (types !== undefined && query._result !== undefined) query._result._types ??= types
    return binding === undefined ? this.sendObjectUnbound(query, this.#holding) : this.sendObjectFor(binding, query)
  }

  /** The binding of a statement that is called now; undefined when it goes without one. */
  #bindingFor({ text, facts }: ExaminedText): Binding | undefined {
    const state = this.#state
    const { binder } = this.#maker
    if (state.kind === 'free') return isSignal(text) ? binder.signal : this.#captureFree(facts)
    if (state.kind === 'preparing') return facts.leaves === undefined ? binder.shared : undefined
    if (state.kind === 'idle') throw notCheckedOut()
    const now = binder.tryCapture()
    if (now !== undefined && now.key !== state.binding.key) throw wrongTenant(state.binding, now)
    // A transaction that was begun can be ended.
    if (facts.control === undefined) this.#maker.observation.admit(state.binding)
    if (state.kind !== 'session') return state.binding
    assertStaysInRole(state.binding, facts)
    return undefined
  }

  /** The binding that the client is lent for. */
  get #holding(): Binding | undefined {
    return 'binding' in this.#state ? this.#state.binding : undefined
  }

  /** A pool of another library passes this client from tenant to tenant without asking whether it is clean: nothing may be left on it. */
  #captureFree({ leaves, control }: StatementFacts): Binding | undefined {
    const { binder, observation } = this.#maker
    if (leaves === undefined) {
      const binding = binder.capture()
      if (control === undefined) observation.admit(binding)
      return binding
    }
    if (binder.tryCapture() === undefined) return undefined
    throw leavesOnForeignPool(leaves)
  }

  override assertTransactionOf(binding: Binding, { control, innerControl }: StatementFacts): void {
    if (this.#state.kind !== 'free') return
    if (innerControl !== undefined) throw controlInside(innerControl)
    const isOpen = this.getTransactionStatus() !== 'I'
    if (isOpen && this.#transactionOf !== undefined && this.#transactionOf.key !== binding.key)
      throw wrongTenant(this.#transactionOf, binding)
    if (control === 'begin') this.#transactionOf = binding
    // No pool lends this client: each statement may come from another tenant than the one before.
    this.bindingWriter.handOver(binding)
  }

  protected override get isPreparing(): boolean {
    return this.#state.kind === 'preparing'
  }

  protected override get loginOf(): Maker['loginOf'] {
    return this.#maker.loginOf
  }

  // What a pool does with its clients.

  get isAtRest(): boolean {
    return this.#state.kind === 'idle'
  }

  /** Lends the client for this binding; true when it never served the binding before. */
  lend(binding: Binding): boolean {
    this.#state = { kind: 'lent', binding }
    // pg-pool's own, which a listener of "acquire" may have kept, would release the connection under its holder.
    this.release = refuseRelease
    this.bindingWriter.handOver(binding)
    return this.served.size < this.served.add(binding.key).size
  }

  /** From here to its end the client serves one binding, whose settings are made for the session. */
  lendSession(binding: Binding): void {
    this.assertLoginOf(binding)
    this.#state = { kind: 'session', binding }
  }

  /** As long as the client is lent, its holder hears what happens on the connection. */
  heldBy(holder: Listener): void {
    this.#holder = holder
  }

  /** The wire itself. Its holder may keep it, so the connection is not lent again. */
  wireForHolder(): PoolClient['connection'] {
    this.#isWireKnown = true
    return this.connection
  }

  /** pg-pool has the client. It releases one itself when all who waited for it have given up. */
  rest(): void {
    this.#state = { kind: 'idle' }
  }

  override emit(event: string | symbol, ...args: any[]): boolean {
    const isHeard = super.emit(event, ...args)
    this.#holder?.hear(event, args)
    return isHeard
  }

  /** Takes the client back, and says whether it may be used again. */
  takeBack(maxTenants = Infinity): Verdict {
    const [state, holder] = [this.#state, this.#holder]
    this.#state = { kind: 'idle' }
    this.#holder = undefined
    if (state.kind === 'session') return { isClean: false, reason: 'it was bound for a session' }
    if (this.isAbandoned) return { isClean: false, reason: 'its answers could not be trusted' }
    const doubt = doubtAbout(this as unknown as ClientInternals, this.getTransactionStatus())
    if (doubt !== undefined) return { isClean: false, reason: doubt }
    const tampering = this.reports.tripwire.tampering(state.kind === 'lent' ? state.binding.schema : '')
    if (tampering !== undefined) return { isClean: false, reason: 'its search path was changed for the session', tampering }
    if (this.left !== undefined) return { isClean: false, reason: `it holds ${this.left}` }
    if (!this.hasUtf8) return { isClean: false, reason: 'its client_encoding is not UTF8' }
    if (this.#isWireKnown) return { isClean: false, reason: 'its holder has used client.connection' }
    if (holder !== undefined && this.hasForeignListeners) return { isClean: false, reason: 'its holder left listeners on it' }
    if (this.served.size > maxTenants) return { isClean: false, reason: `it served ${this.served.size} tenants` }
    return clean
  }

  /** What is printed instead of all that the client holds. */
  description(): object {
    const { processID } = this as unknown as ClientInternals
    const binding = 'binding' in this.#state ? this.#state.binding.label : undefined
    return { server: this.server, processID, state: this.#state.kind, ...(binding !== undefined && { binding }) }
  }
}

/** What Kysely, MikroORM and Knex send on a client of their own to end a query of another one. */
function isSignal(text: string): boolean {
  return /^\s*select pg_(?:cancel|terminate)_backend\((?:\d+|\$1)\)\s*;?\s*$/i.test(text)
}

function refuseRelease(): never {
  throw notCheckedOut()
}
