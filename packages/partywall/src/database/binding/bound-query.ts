/**
 * The bound statement: one statement sent together with its binding, as one batch with one Sync. Both run in one implicit
 * transaction, so the search path reverts when the statement is done, whatever its end; if the binding fails, the server skips
 * the statement.
 *
 * Several statements in one text go by the simple protocol, with the binding in front of them in the same text; every other statement
 * goes by the extended protocol. What node-postgres sends by the extended protocol itself is never sent by the simple one.
 *
 * An error is passed on when the server is ready again, so that a caller who then asks the connection for its state gets a true answer.
 * The caller gets one answer and no second one (query-life.ts).
 */
import { noteCompletedBefore } from '../../sql/completed-before.ts'
import { statementFacts, type StatementFacts } from '../../sql/statement-facts.ts'
import { admit } from './admission.ts'
import type { Binding } from './binding.ts'
import { bindingError, needsSession, roleDoubt, untrusted } from './binding-refusals.ts'
import type { Carrier } from './carrier.ts'
import { OwedSync } from './owed-sync.ts'
import type { OutgoingText } from './outgoing-text.ts'
import { noAnswer, notTheBinding, OwnCompletions, tooEarly } from './own-completions.ts'
import {
  isServerError,
  QueryBase,
  whenReady,
  type ConnectionLike,
  type QueryCallback,
  type ServerError,
  type TransactionStatusLike,
} from './pg-internals.ts'
import { boundName, withCallersName } from './prepared-names.ts'
import { QueryLife } from './query-life.ts'
import { refusedFor } from './search-path.ts'
import { assertReadAlike } from './read-alike.ts'
import { noteControl, noteFailure, noteOutcome } from './transaction-outcome.ts'
import { endUnwritten } from './unwritten.ts'

export class BoundQuery extends QueryBase {
  readonly facts: StatementFacts
  readonly #carrier: Carrier
  readonly #binding: Binding
  readonly #own = new OwnCompletions()
  readonly #sync = new OwedSync()
  readonly #life = new QueryLife()
  /** A name, values, pages of rows, or (since pg 8.12) the query mode "extended". */
  readonly #mustBeExtended: boolean
  /** Answers to the caller's own statements: completions, and answers to an empty text. */
  #completed = 0
  #isBound = false
  #isExtended = false
  #isSubmitting = false
  /** Characters in front of the caller's text; PostgreSQL counts them in the `position` of an error. */
  #lengthBefore = 0
  /** Why the statement could not be written; passed on when the server has answered what was. */
  #unwritten: Error | undefined
  /** The text that the name was prepared for when the statement was refused. */
  #preparedText: string | undefined
  readonly #callersName: string
  /** Why nothing was written at all. */
  #refusal: Error | undefined

  constructor(carrier: Carrier, binding: Binding, { config, values, examined, types }: OutgoingText) {
    super(config, values)
    this.#carrier = carrier
    this.#binding = binding
    const text = typeof this.text === 'string' ? this.text : ''
    // The text may be a getter that returns another one each time: the facts must be those of the text that is sent.
    this.facts = examined.text === text ? examined.facts : statementFacts(text)
    this.#callersName = this.name ?? ''
    if (this.name) this.name = boundName(this.name, binding, carrier.bindingWriter)
    this.#mustBeExtended = super.requiresPreparation()
    if (types !== undefined) this._result._types ??= types
  }

  /** @param timeoutMs how long the caller waits, from now on; 0 is no limit */
  answerTo(done: QueryCallback, timeoutMs: number): void {
    this.callback = done
    if (!(timeoutMs > 0)) return
    const timer = setTimeout(() => this.#fail(new Error('Query read timeout')), timeoutMs)
    this.callback = (error, result) => {
      clearTimeout(timer)
      done(error, result)
    }
  }

  override submit(connection: ConnectionLike): Error | null | undefined | void {
    try {
      // Its time was over before its turn came: an error sends nothing, and nothing waits for it any more.
      if (this.#life.isSettled) throw new Error('The query was given up.')
      if (!this.#life.note('written')) throw this.#contradiction()
      assertReadAlike(this.text, this.#carrier)
      this.#isBound = admit(this.facts, this.#mustBeExtended, this.#binding, this.#carrier)
    } catch (error) {
      this.#refusal = error as Error
      return this.#refusal
    }
    this.#isSubmitting = true
    try {
      return this.#sync.write(Boolean(this.rows), () => this.#write(connection))
    } finally {
      this.#isSubmitting = false
    }
  }

  #write(connection: ConnectionLike): Error | null | undefined | void {
    if (this.#isBound) {
      const outcome = withCallersName(super.submit(connection), this.name, this.#callersName)
      if (this.#unwritten !== undefined) endUnwritten(connection)
      return outcome
    }
    const status = this.#carrier.getTransactionStatus()
    const isSimple = !this.#mustBeExtended && (this.facts.isMany || (this.facts.mayCommit && status === 'I'))
    return isSimple ? this.#submitSimple(connection) : this.#submitExtended(connection, status)
  }

  /** Several statements in one text are one implicit transaction, in which CALL and DO cannot commit. */
  #submitSimple(connection: ConnectionLike): null {
    const { text, tags } = this.#carrier.bindingWriter.literal(this.#binding)
    this.#own.expect(tags)
    this.#lengthBefore = [...text].length
    connection.query(text + this.text)
    return null
  }

  #submitExtended(connection: ConnectionLike, status: TransactionStatusLike): null {
    this.#isExtended = true
    connection.stream.cork?.()
    try {
      if (this.name) this.#carrier.preparedNames.use(this.name, connection)
      const tags = this.#carrier.bindingWriter.write(connection, this.#binding, {
        inTransaction: status === 'T',
        mayRefuse: this.#life.isFirst && this.#carrier.isIdle(this),
        needsNoSnapshot: this.facts.needsNoSnapshot && status === 'T',
      })
      this.#own.expect(tags)
      const refusal = withCallersName(super.submit(connection), this.name, this.#callersName)
      if (refusal instanceof Error) {
        // The binding was sent: the batch must be ended, and its answer awaited.
        this.#unwritten = refusal
        this.#preparedText = this.name && connection.parsedStatements[this.name]
        connection.sync()
        this.#sync.sent()
      } else if (this.#unwritten !== undefined) {
        endUnwritten(connection)
      }
      return null
    } finally {
      connection.stream.uncork?.()
    }
  }

  /** Called by `submit`. The option `queryMode` has this effect only since pg 8.12. */
  override requiresPreparation(): boolean {
    return this.#isExtended || super.requiresPreparation()
  }

  override handleRowDescription(message: unknown): void {
    // By the simple protocol the binding has a row description as well.
    if (!this.#own.arePending) super.handleRowDescription(message)
  }

  override handleDataRow(message: unknown): void {
    if (this.#own.arePending) return this.#distrust(tooEarly)
    super.handleDataRow(message)
  }

  override handleCommandComplete(message: { text?: string }, connection: ConnectionLike): void {
    if (this.#own.arePending) {
      if (!this.#own.take(message.text)) this.#distrust(notTheBinding)
      this.#isBound = !this.#own.arePending
      return
    }
    this.#completed += 1
    if (this.#isExtended && this.#completed > 1) return this.#distrust('one statement was answered twice')
    if (this.facts.control !== undefined) noteControl(this.#carrier, this.facts, message.text)
    super.handleCommandComplete(message, connection)
    this.#sync.sent()
  }

  override handleEmptyQuery(connection: ConnectionLike): void {
    if (this.#own.arePending) return this.#distrust(tooEarly)
    this.#completed += 1
    super.handleEmptyQuery(connection)
    this.#sync.sent()
  }

  /** COPY … FROM STDIN without a stream. */
  override handleCopyInResponse(connection: ConnectionLike): void {
    if (this.#own.arePending) return this.#distrust(tooEarly)
    super.handleCopyInResponse(connection)
    if (this.#isExtended) this.#sync.ignored()
  }

  override handleReadyForQuery(connection: ConnectionLike): void {
    const failure = this.#unwritten ?? this._canceledDueToError
    // Also for a caller that has given up (query_timeout): what the statement did to the connection matters to the next one.
    if (this.facts.control === undefined) noteOutcome(this.#carrier, this.facts, failure === false)
    if (this.#own.arePending) return this.#distrust(noAnswer)
    if (this.#isExtended && this.#completed === 0 && this.#unwritten === undefined) {
      return this.#distrust('the statement was not answered')
    }
    if (this.#life.isSettled) return
    // node-postgres took the answer to the binding for one to the statement, and assumes that its text was prepared.
    if (this.name && this.#preparedText) connection.parsedStatements[this.name] = this.#preparedText
    if (failure !== false) return this.#fail(failure)
    this.#life.settle()
    super.handleReadyForQuery(connection)
  }

  override handleError(error: Error, connection: ConnectionLike): void {
    this.#sync.failed(error, connection)
    if (isServerError(error)) this.#noteFailure(error)
    if (this.name) this.#carrier.preparedNames.doubt(this.name)
    if (this.#life.isSettled) return
    if (this.#isSubmitting) {
      this.#unwritten = error
      return
    }
    // node-postgres marks the connection as ready only after this; a callback that releases it must find it so.
    if (error === this.#refusal) return process.nextTick(() => this.#fail(error))
    if (!isServerError(error)) return this.#fail(error)
    moveBack(error, this.#lengthBefore)
    noteCompletedBefore(error, this.#completed)
    whenReady(connection, (isAlive) => {
      if (this.#life.isSettled) return
      if (!isAlive || !this.#mayTryAgain(error)) return this.#fail(this.#translate(error))
      if (!this.#life.note('sent again')) return this.#fail(this.#contradiction())
      this.#isBound = false
      this.#carrier.resubmit(this)
    })
  }

  #noteFailure(error: ServerError): void {
    noteFailure(this.#carrier, this.facts)
    if (this.#isBound) return
    const refusal = refusedFor(error)
    if (refusal === 'temporary tables') this.#carrier.bindingWriter.temporarySchemaFound()
    if (refusal === 'role denied') this.#carrier.doubt(roleDoubt)
    if (error.code === '26000') this.#carrier.bindingWriter.forgetPrepared()
  }

  #fail(error: Error): void {
    if (this.#life.settle()) super.handleError(error)
  }

  /** No server answers like this. Before a row could reach another caller, the connection is closed and the statement fails. */
  #distrust(seen: string): void {
    this.#carrier.abandon()
    this._canceledDueToError = false
    this.#fail(untrusted(this.#binding, seen))
  }

  #contradiction(): Error {
    this.#carrier.abandon()
    return untrusted(this.#binding, 'one statement was about to be sent more often than it may be')
  }

  /** Only where the server has undone everything: outside of a transaction, and nothing of the statement has run. */
  #mayTryAgain(error: ServerError): boolean {
    if (!this.#life.isFirst || this.#carrier.getTransactionStatus() !== 'I' || !this.#carrier.isIdle(this)) return false
    if (!this.#isBound && refusedFor(error) === 'temporary tables') return true
    if (!this.#isBound && error.code === '26000') return true
    // A migration changed the columns of a prepared statement: it is prepared again.
    return error.code === '0A000' && error.routine === 'RevalidateCachedQuery' && Boolean(this.name)
  }

  #translate(error: ServerError): Error {
    if (!this.#isBound) return bindingError(error, this.#binding)
    const needsOwnTransaction = error.code === '25001' || error.code === '2D000'
    return needsOwnTransaction && this.#carrier.getTransactionStatus() === 'I' ? needsSession(this.text, error) : error
  }
}

/** The caller counts from the start of its own text. */
function moveBack(error: Error & { position?: string }, characters: number): void {
  const position = Number(error.position)
  if (characters > 0 && position > characters) error.position = String(position - characters)
}
