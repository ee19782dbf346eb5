/**
 * A connection that binds every statement it is given. It keeps no tenant between statements: it only knows for whom it is
 * checked out, so that a statement from another scope is refused, and whether something was left on it that the next user would
 * find, so that the pool can destroy it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Client, type ClientConfig } from 'pg'
import { TenancyError } from '../errors.ts'
import type { Binding } from './binding.ts'
import { BindingWriter } from './binding-writer.ts'
import { BoundQuery, type Carrier } from './bound-query.ts'
import { bindSubmittable } from './bound-submittable.ts'
import type { ConnectionLike, QueryCallback, QueryConfigLike, SubmittableLike } from './pg-internals.ts'
import { statementFacts } from './statement-facts.ts'

/** Tells a client for whom a statement runs. */
export interface Binder {
  /** The binding of whoever calls now. Throws NO_TENANT where there is none and that is to be refused. */
  capture(): Binding
  /** The binding of the scope of now; undefined outside every scope. */
  tryCapture(): Binding | undefined
  /** Runs `fn` outside every scope: sockets opened in it carry no tenant into their events. */
  outside<T>(fn: () => T): T
}

/** The key under which a pool hands its binder to the clients it makes. */
export const binderKey = Symbol('partywall.binder')

export interface TenantClientConfig extends ClientConfig {
  [binderKey]?: Binder
}

/** What becomes of a client when it is given back. */
export type Verdict = { readonly isClean: true } | { readonly isClean: false; readonly reason: string }

/** The slice of node-postgres' client whose properties its types leave out. */
interface ClientInternals {
  readonly connection: ConnectionLike
  readonly processID: number | null
  readonly readyForQuery?: boolean
  readonly _queryQueue?: readonly unknown[]
  readonly _queryable?: boolean
}

type State =
  /** Made by somebody else than our pool: every statement is bound to the scope it comes from. */
  | { readonly kind: 'free' }
  /** In the pool, or just connected. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'lent'; readonly binding: Binding }
  /** Bound by a setting of the session; statements go as they are. Never used again afterwards. */
  | { readonly kind: 'session'; readonly binding: Binding }

export class TenantClient extends Client implements Carrier {
  readonly #binder: Binder
  #state: State = { kind: 'free' }
  #transactionOf: Binding | undefined
  #left: string | undefined
  /** What the server reported as the search path of the session: at the start, and last. PostgreSQL 18 and newer do. */
  #initialPath: string | undefined
  #reportedPath: string | undefined
  readonly #served = new Set<string>()
  serverVersionNumber = 0
  readonly uncertainNames = new Set<string>()
  readonly bindingWriter = new BindingWriter(() => (this as unknown as ClientInternals).processID)

  constructor(config?: TenantClientConfig) {
    super(config)
    const binder = config?.[binderKey]
    if (binder === undefined) {
      throw new TenancyError(
        'INVALID_OPTION',
        'A TenantClient is made by a TenantPool; take tenancy.pool instead of a client of your own.',
      )
    }
    if (this.pipeline) {
      throw new TenancyError(
        'INVALID_OPTION',
        'The option "pipeline" of node-postgres is refused: a statement is bound by the state of its transaction, which is not known ' +
          'while statements before it are still on their way.',
        { details: { option: 'database.pipeline' } },
      )
    }
    this.#binder = binder
    const { connection } = this as unknown as ClientInternals
    connection.on('parameterStatus', (message: { parameterName: string; parameterValue: string }) => {
      if (message.parameterName === 'server_version') this.serverVersionNumber = versionNumber(message.parameterValue)
      if (message.parameterName === 'search_path') {
        this.#initialPath ??= message.parameterValue
        this.#reportedPath = message.parameterValue
      }
    })
    // A lost connection fails the statement on it and is never reused; without a listener it would also end the process.
    this.on('error', () => {})
  }

  override connect(): Promise<Client>
  override connect(callback: (error: Error) => void): void
  override connect(callback?: (error: Error) => void): Promise<Client> | void {
    return this.#binder.outside(() => (callback === undefined ? super.connect() : super.connect(callback)))
  }

  override query(config: any, values?: any, callback?: any): any {
    if (config === null || config === undefined)
      throw new TypeError('client.query needs a text, a config object or a query object.')
    const isSubmittable = typeof config.submit === 'function'
    const done: QueryCallback | undefined = inContextOfNow(
      [callback, values, config.callback].find((arg) => typeof arg === 'function'),
    )
    try {
      return isSubmittable
        ? this.#querySubmittable(config as SubmittableLike, done)
        : this.#queryText(config as string | QueryConfigLike, Array.isArray(values) ? values : undefined, done)
    } catch (error) {
      return refuse(error as Error, isSubmittable ? (config as SubmittableLike) : undefined, done, this)
    }
  }

  #queryText(config: string | QueryConfigLike, values: readonly unknown[] | undefined, done: QueryCallback | undefined): unknown {
    const text = typeof config === 'string' ? config : (config.text ?? '')
    const binding = this.#bindingFor(text)
    if (binding === undefined)
      return done === undefined ? super.query(config as any, values as any) : super.query(config as any, values as any, done)
    const query = new BoundQuery(this, binding, config, values)
    this.#note(text, binding)
    if (done !== undefined) {
      query.callback = done
      this.#send(query)
      return undefined
    }
    return this.#sendAndWait(query)
  }

  #sendAndWait(query: BoundQuery): Promise<unknown> {
    return new Promise((resolve, reject) => {
      query.callback = (error, result) => (error ? reject(error) : resolve(result))
      this.#send(query)
    }).catch((error: Error) => {
      // The stack that led to the socket says nothing; the caller's own does.
      Error.captureStackTrace(error)
      throw error
    })
  }

  #querySubmittable(query: SubmittableLike, done: QueryCallback | undefined): unknown {
    const text = submittableText(query)
    const binding = this.#bindingFor(text)
    if (done !== undefined) query.callback ??= done
    if (binding !== undefined) {
      bindSubmittable(query, this, binding)
      this.#note(text, binding)
    }
    return this.#send(query)
  }

  /** node-postgres' own query method, around ours. */
  #send(query: SubmittableLike): unknown {
    return super.query(query as any)
  }

  /** For whom a statement runs that is called now; undefined when it goes without a binding. */
  #bindingFor(text: string): Binding | undefined {
    const state = this.#state
    if (state.kind === 'free') return this.#binder.capture()
    if (state.kind === 'idle') {
      // Listeners of the pool's "connect" event prepare the session with SET; anything else needs to know for whom it is.
      if (/^\s*set\s/i.test(text) && !statementFacts(text).isMany) return undefined
      throw new TenancyError(
        'RELEASED_CLIENT',
        'A client was used that is in the pool: it was released already, or not handed out yet. Take one with tenancy.pool.connect(), ' +
          'and use it no longer after client.release().',
      )
    }
    const now = this.#binder.tryCapture()
    if (now !== undefined && now.key !== state.binding.key) throw wrongTenant(state.binding, now)
    return state.kind === 'session' ? undefined : state.binding
  }

  #note(text: string, binding: Binding): void {
    const facts = statementFacts(text)
    this.#left ??= facts.leaves
    if (facts.control === 'begin') this.#transactionOf = binding
    if (facts.control !== undefined && facts.control !== 'begin') this.bindingWriter.repeatHandover()
  }

  // What a pool does with its clients.

  /** Hands the client out for this binding. */
  lend(binding: Binding): void {
    this.#state = { kind: 'lent', binding }
    this.#served.add(binding.key)
  }

  /** Puts the client into the pool, before it is handed out for the first time. */
  keep(): void {
    this.#state = { kind: 'idle' }
  }

  /** From here to its end the client serves one binding, with a search path set for the session. */
  lendSession(binding: Binding): void {
    this.#state = { kind: 'session', binding }
  }

  /** Takes the client back, and says whether it may be used again. */
  takeBack(maxTenants = Infinity): Verdict {
    const state = this.#state
    this.#state = { kind: 'idle' }
    const { readyForQuery, _queryQueue, _queryable } = this as unknown as ClientInternals
    if (state.kind === 'session') return { isClean: false, reason: 'it was bound for a session' }
    if (_queryable === false) return { isClean: false, reason: 'the connection is lost' }
    if (readyForQuery !== true || _queryQueue?.length !== 0) return { isClean: false, reason: 'a statement is still running' }
    if (this.getTransactionStatus() !== 'I') return { isClean: false, reason: 'a transaction is still open' }
    if (this.#left !== undefined) return { isClean: false, reason: `it holds ${this.#left}` }
    if (this.#reportedPath !== this.#initialPath) return { isClean: false, reason: 'its search path was changed for the session' }
    if (this.#served.size > maxTenants) return { isClean: false, reason: `it served ${this.#served.size} tenants` }
    return { isClean: true }
  }

  /** Runs a statement for another binding than the one the client is lent for: provisioning fills a schema that it made itself. */
  queryFor(binding: Binding, text: string, values?: readonly unknown[]): Promise<any> {
    const query = new BoundQuery(this, binding, { text, values })
    this.#note(text, binding)
    return this.#sendAndWait(query)
  }

  // What the bound queries ask of their carrier.

  assertTransactionOf(binding: Binding): void {
    if (this.#state.kind !== 'free' || this.getTransactionStatus() === 'I') return
    if (this.#transactionOf !== undefined && this.#transactionOf.key !== binding.key)
      throw wrongTenant(this.#transactionOf, binding)
  }

  resubmit(query: BoundQuery): void {
    this.#send(query)
  }
}

function wrongTenant(owner: Binding, now: Binding): TenancyError {
  return new TenancyError(
    'WRONG_TENANT',
    `This connection was taken for ${owner.label} and is used in the scope of ${now.label}; nothing was run. ` +
      'Take a connection inside the scope that uses it, and release it before the scope ends.',
    { details: { owner: owner.schema, now: now.schema } },
  )
}

/** A refusal reaches the caller the way an error of the server would: by the promise, the callback or the query object. */
function refuse(
  error: Error,
  query: SubmittableLike | undefined,
  done: QueryCallback | undefined,
  client: TenantClient,
): unknown {
  if (query !== undefined) {
    const { connection } = client as unknown as ClientInternals
    process.nextTick(() => query.handleError?.(error, connection))
    return query
  }
  if (done === undefined) return Promise.reject(error)
  process.nextTick(done, error)
  return undefined
}

/** Callbacks run where they were given, not in the async context of the socket that brings the answer. */
export function inContextOfNow<F extends (...args: any[]) => unknown>(fn: F | undefined): F | undefined {
  if (fn === undefined) return undefined
  const inContext = AsyncLocalStorage.snapshot()
  return ((...args: unknown[]) => inContext(() => fn(...args))) as F
}

function submittableText(query: SubmittableLike): string {
  const text = query.text ?? query.cursor?.text
  return typeof text === 'string' ? text : ''
}

/** `15.18 (Debian 15.18-0)` -> 150018; only the major number matters here. */
function versionNumber(version: string): number {
  const [major = 0, minor = 0] = version.split(/[^0-9]+/).map(Number)
  return major * 10_000 + minor
}
