/**
 * A connection that sends statements together with their bindings, and knows what the server reports about its session. Which binding a
 * statement gets is decided by the class that extends it.
 */
import pg, { type Client } from 'pg'
import { examine, statementFactsAround, type ExaminedText, type StatementFacts } from '../../sql/statement-facts.ts'
import type { Observation } from '../../observation.ts'
import { throwFromCaller } from '../binding/answers.ts'
import type { Binding } from '../binding/binding.ts'
import { BindingWriter } from '../binding/binding-writer.ts'
import { BoundBatch, type BatchAnswer, type BatchStatement } from '../binding/bound-batch.ts'
import { BoundQuery } from '../binding/bound-query.ts'
import { bindSubmittable } from '../binding/bound-submittable.ts'
import type { Carrier } from '../binding/carrier.ts'
import type { OutgoingText } from '../binding/outgoing-text.ts'
import {
  activeQueryOf,
  queryQueueOf,
  type ClientInternals,
  type QueryCallback,
  type SubmittableLike,
  type TransactionStatusLike,
} from '../binding/pg-internals.ts'
import { PreparedNames } from '../binding/prepared-names.ts'
import { textOf } from '../binding/query-object.ts'
import { pipelineRefused } from './client-refusals.ts'
import { answersAsOther, otherLogin } from './login-refusals.ts'
import { observeObject } from './observed-object.ts'
import { printAs } from './secrets.ts'
import { ServerReports } from './server-reports.ts'
import { WireUse } from './wire-use.ts'

/** So begins what each new connection asks first. */
export const routeQuestion = 'select pg_catalog.pg_backend_pid()'

export abstract class SendingClient extends pg.Client implements Carrier {
  readonly bindingWriter = new BindingWriter()
  readonly preparedNames: PreparedNames
  protected readonly reports: ServerReports
  /** What a statement has left on the session, in words. */
  protected left: string | undefined
  protected isAbandoned = false
  /** Milliseconds that an answer may take; 0 is no limit. */
  readonly #queryTimeoutMs: number
  readonly #observation: Observation
  readonly #wire: WireUse
  /** Listeners on the wire before the first checkout. */
  #ownListeners = 0

  /** @param maxPreparedStatements how many named statements the server keeps for this connection */
  constructor(config: pg.ClientConfig, maxPreparedStatements: number, observation: Observation) {
    super(config)
    this.#observation = observation
    if (this.pipeline) throw pipelineRefused()
    this.preparedNames = new PreparedNames(maxPreparedStatements)
    const { connection, connectionParameters } = this as unknown as ClientInternals
    this.#queryTimeoutMs = takeTimeout(connectionParameters)
    this.#wire = new WireUse(connection)
    this.reports = new ServerReports(this, connection)
    printAs(connection, 'Connection', () => ({ server: this.server }))
    // A lost connection fails the statement on it and is never reused; without a listener it would also end the process.
    this.on('error', () => {})
  }

  /** Whether what is sent now prepares the session for all tenants. */
  protected abstract readonly isPreparing: boolean

  /** The tenant as whose role it logs in; undefined for the application. */
  protected abstract readonly loginOf: Pick<Binding, 'login' | 'label' | 'schema'> | undefined

  /** @throws TenancyError WRONG_TENANT when a transaction of another binding is open */
  abstract assertTransactionOf(binding: Binding, facts: StatementFacts): void

  /** What the server reported with its last answer. node-postgres has this method only since 8.21. */
  override getTransactionStatus(): TransactionStatusLike {
    return this.reports.transactionStatus
  }

  /** Connects, learns the route to the server (one round trip), and has `prepare` prepare the session. */
  protected async open(prepare: () => Promise<void>): Promise<Client> {
    await this.#connect()
    try {
      await this.#learnRoute()
      await this.#unlessLost(prepare())
    } catch (error) {
      // The pool drops a client that could not connect; the server keeps the session as long as the connection is open.
      void super.end()
      throw error
    }
    this.#ownListeners = this.#countListeners()
    return this
  }

  /** With a callback, as pg-pool connects: a library that replaces `pg.Client.prototype.connect` to observe it may know only that form. */
  #connect(): Promise<void> {
    return new Promise((resolve, reject) =>
      super.connect((error: Error | null | undefined) => (error ? reject(error) : resolve())),
    )
  }

  /** A preparation that hangs does not notice that the connection was lost, or that pg-pool ended it because it took too long. */
  async #unlessLost(preparation: Promise<void>): Promise<void> {
    const { promise: lost, reject } = Promise.withResolvers<never>()
    const noteEnd = (): void => reject(new Error('Connection terminated'))
    this.once('end', noteEnd)
    try {
      await Promise.race([preparation, lost])
    } finally {
      this.off('end', noteEnd)
    }
  }

  /** Whether the server session that answers is the one that was opened, or one that a pooler lends. */
  async #learnRoute(): Promise<void> {
    const { rows } = (await super.query(
      `${routeQuestion} as pid, pg_catalog.current_database()::pg_catalog.text as database, ` +
        'session_user::pg_catalog.text as login, current_user::pg_catalog.text as role',
    )) as { rows: { pid: number; database: string; login: string; role: string }[] }
    const { loginOf } = this
    const other = [rows[0]?.login, rows[0]?.role].find((seen) => seen !== loginOf?.login)
    if (loginOf !== undefined && other !== undefined) throw answersAsOther(loginOf, other)
    this.bindingWriter.isDirect = rows[0]?.pid === (this as unknown as ClientInternals).processID
    this.bindingWriter.database = rows[0]?.database ?? ''
  }

  /** Runs a statement for a binding that the caller is responsible for, in whatever async context. */
  sendFor(binding: Binding, text: OutgoingText, done: QueryCallback): void {
    this.assertLoginOf(binding)
    const query = new BoundQuery(this, binding, text)
    this.left ??= query.facts.leaves
    query.answerTo(this.#watched(binding, text.examined.text, done), this.#timeoutOf(text))
    this.#send(query)
  }

  /** The same, and a promise of the answer. */
  queryFor(binding: Binding, examined: ExaminedText, values?: readonly unknown[], timeoutMs?: number): Promise<any> {
    const { text } = examined
    const config = timeoutMs === undefined ? text : { text, query_timeout: timeoutMs }
    return answered((done) => this.sendFor(binding, { config, values, examined }, done))
  }

  /** As queryFor, with a text of several statements of which all except `foreign` are our own. */
  queryAround(binding: Binding, text: string, foreign: string): Promise<any> {
    return this.queryFor(binding, { text, facts: statementFactsAround(foreign) })
  }

  /** One statement for each of several bindings, in one batch. To be called in a transaction, which has failed afterwards where the answer has an error. */
  batchFor(bindings: readonly Binding[], statement: BatchStatement): Promise<BatchAnswer> {
    for (const binding of bindings) this.assertLoginOf(binding)
    return answered((done) => void this.#send(new BoundBatch(this, bindings, statement, done))) as Promise<BatchAnswer>
  }

  /** As sendFor, for a query object, which gives its answers itself. */
  sendObjectFor(binding: Binding, query: SubmittableLike): unknown {
    this.assertLoginOf(binding)
    const { facts } = examine(textOf(query))
    if (this.#queryTimeoutMs > 0) query.query_timeout ??= this.#queryTimeoutMs
    bindSubmittable(query, facts, this, binding)
    this.left ??= facts.leaves
    return this.#sendWatched(binding, query)
  }

  /** A connection of one login never serves another one. @throws TenancyError LOGIN_REFUSED */
  protected assertLoginOf(binding: Binding): void {
    if (binding.login !== this.loginOf?.login && !this.isPreparing) throw otherLogin(binding)
  }

  /** By node-postgres alone: in a session, and to prepare one. */
  protected sendUnbound({ config, values, types, examined }: OutgoingText, done: QueryCallback, session?: Binding): void {
    const answer = session === undefined ? done : this.#watched(session, examined.text, done)
    const given = typeof config === 'string' ? { text: config } : config
    const query_timeout = given.query_timeout ?? this.#queryTimeoutMs
    super.query({ ...given, query_timeout, types: given.types ?? types } as any, values as any, answer)
    this.#noteSent((queryQueueOf(this)?.at(-1) ?? activeQueryOf(this)) as object)
  }

  protected sendObjectUnbound(query: SubmittableLike, session?: Binding): unknown {
    return session === undefined ? this.#send(query) : this.#sendWatched(session, query)
  }

  /** The callback of a statement, which also tells of its end. */
  #watched(binding: Binding, text: string, done: QueryCallback): QueryCallback {
    if (!this.#observation.watchesStatements) return done
    const ended = this.#observation.statement(binding, text, this.#wire)
    return (error, result) => {
      ended(error ?? undefined, rowsOf(result))
      done(error, result)
    }
  }

  #sendWatched(binding: Binding, query: SubmittableLike): unknown {
    if (this.#observation.watchesStatements) observeObject(query, this.#observation.statement(binding, textOf(query), this.#wire))
    return this.#send(query)
  }

  #timeoutOf({ config }: OutgoingText): number {
    return (typeof config === 'object' && config.query_timeout) || this.#queryTimeoutMs
  }

  /** The query method of node-postgres, which sends ours. */
  #send(query: SubmittableLike): unknown {
    this.#noteSent(query)
    return super.query(query as any)
  }

  #noteSent(query: object): void {
    if (this.isPreparing) this.reports.tripwire.expect(query)
  }

  get serverVersionNumber(): number {
    return this.reports.versionNumber
  }

  get hasStandardStrings(): boolean {
    return this.reports.hasStandardStrings
  }

  get hasUtf8(): boolean {
    return this.reports.hasUtf8
  }

  isIdle(query: SubmittableLike): boolean {
    return queryQueueOf(this)?.length === 0 && (activeQueryOf(this) ?? query) === query
  }

  resubmit(query: SubmittableLike): void {
    this.#send(query)
  }

  doubt(reason: string): void {
    this.left ??= reason
  }

  abandon(): void {
    this.isAbandoned = true
    const { connection } = this as unknown as ClientInternals
    connection.stream.destroy()
  }

  /** Whether a query object has left a listener on the wire, which it gets to write its messages. */
  protected get hasForeignListeners(): boolean {
    return this.#countListeners() !== this.#ownListeners
  }

  #countListeners(): number {
    const { connection } = this as unknown as ClientInternals
    return connection.eventNames().reduce((sum, event) => sum + connection.listenerCount(event), 0)
  }

  protected get server(): string {
    return `${this.host}:${this.port}/${this.database} as ${this.user}`
  }
}

/** Of one statement, or of all in a text of several. */
function rowsOf(
  result: { readonly rowCount?: number | null } | readonly { readonly rowCount?: number | null }[] | undefined,
): number {
  if (Array.isArray(result)) return result.reduce<number>((sum, one) => sum + (one.rowCount ?? 0), 0)
  return (result as { readonly rowCount?: number | null } | undefined)?.rowCount ?? 0
}

/** The answer to what `send` sends, as a promise. */
export function answered(send: (done: QueryCallback) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    send((error, result) => (error ? reject(error) : resolve(result)))
  }).catch(throwFromCaller)
}

/**
 * node-postgres starts the timer of an answer whenever a query is sent. A statement that is sent again would have two, and each would answer
 * its caller. So here it has none, and each BoundQuery has its own.
 */
function takeTimeout(parameters: ClientInternals['connectionParameters']): number {
  const timeoutMs = Number(parameters?.query_timeout) || 0
  if (parameters !== undefined) parameters.query_timeout = 0
  return timeoutMs
}
