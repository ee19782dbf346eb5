/**
 * The bound statement: one statement sent together with its binding, as one batch with one Sync. Both run in one implicit
 * transaction, so the search path is gone when the statement is done, whatever its end; if the binding fails, the server skips
 * the statement.
 *
 * How a statement goes out is decided when its turn on the connection comes, for only then the state of the transaction is known:
 * - a statement that steers a transaction goes as it is; it resolves no names, and a query before BEGIN would fix its snapshot
 * - in a failed transaction everything goes as it is, and fails
 * - several statements in one text go by the simple protocol, the binding in front of them in the same text
 * - every other statement goes by the extended protocol behind its binding
 *
 * An error is delivered when the server is ready again, so that who asks the connection for its state then hears the truth.
 */
import { createHash } from 'node:crypto'
import { temporaryMark, type Binding } from './binding.ts'
import type { BindingWriter } from './binding-writer.ts'
import type { Carrier } from './carrier.ts'
import { assertBindable, bindingError, needsSession } from './binding-refusals.ts'
import { noteCompletedBefore } from '../../sql/completed-before.ts'
import {
  isServerError,
  QueryBase,
  type ConnectionLike,
  type QueryConfigLike,
  type ServerError,
  type TransactionStatusLike,
} from './pg-internals.ts'
import { statementFacts, type StatementFacts } from '../../sql/statement-facts.ts'
import { whenReady } from './when-ready.ts'

export class BoundQuery extends QueryBase {
  readonly #carrier: Carrier
  readonly #binding: Binding
  readonly #facts: StatementFacts
  readonly query_timeout: number | undefined
  /** Completions still to come that belong to the binding and not to the statement. */
  #ownCompletions = 0
  /** Completions of the caller's own statements. */
  #completed = 0
  #isBound = false
  #wasResubmitted = false
  #isSettled = false
  /** Characters that stand before the caller's text; PostgreSQL counts them in the `position` of an error. */
  #lengthBefore = 0
  #isSubmitting = false
  /** Why the statement could not be written; told when the server has answered what was. */
  #unwritten: Error | undefined
  /** What the name stood for when the statement was refused. */
  #preparedText: string | undefined
  /** Why nothing was written at all. */
  #refusal: Error | undefined
  #isExtended = false

  constructor(
    carrier: Carrier,
    binding: Binding,
    config: string | QueryConfigLike,
    values?: readonly unknown[],
    facts?: StatementFacts,
  ) {
    super(config, values)
    this.#carrier = carrier
    this.#binding = binding
    this.#facts = facts ?? statementFacts(typeof this.text === 'string' ? this.text : '')
    this.query_timeout = typeof config === 'object' ? config.query_timeout : undefined
    if (this.name) this.name = boundName(this.name, binding, carrier)
  }

  override submit(connection: ConnectionLike): Error | null | undefined | void {
    const status = this.#carrier.getTransactionStatus()
    const isNamedOrHasValues = Boolean(this.name) || (this.values !== undefined && this.values.length > 0)
    try {
      this.#carrier.assertTransactionOf(this.#binding)
      assertBindable(this.#facts, isNamedOrHasValues, status, this.#carrier)
    } catch (error) {
      this.#refusal = error as Error
      return this.#refusal
    }
    if (goesAsItIs(this.#facts, status)) {
      this.#isBound = true
      return super.submit(connection)
    }
    const isSimple = !isNamedOrHasValues && (this.#facts.isMany || (this.#facts.mayCommit && status === 'I'))
    return isSimple ? this.#submitSimple(connection, status) : this.#submitExtended(connection, status)
  }

  /** Several statements in one text are one implicit transaction, in which CALL and DO cannot commit. */
  #submitSimple(connection: ConnectionLike, status: TransactionStatusLike): null {
    const { text, completions } = this.#carrier.bindingWriter.literal(this.#binding, status === 'T')
    this.#ownCompletions = completions
    this.#lengthBefore = [...text].length
    connection.query(text + this.text)
    return null
  }

  #submitExtended(connection: ConnectionLike, status: TransactionStatusLike): null {
    this.#isExtended = true
    this.queryMode = 'extended'
    connection.stream.cork?.()
    this.#isSubmitting = true
    try {
      this.#ownCompletions = this.#carrier.bindingWriter.write(connection, this.#binding, {
        inTransaction: status === 'T',
        mayRefuse: !this.#wasResubmitted && this.#carrier.isIdle(this),
        needsNoSnapshot: this.#facts.needsNoSnapshot && status === 'T',
      })
      if (forgetUncertain(connection, this.#carrier, this.name)) connection.close({ type: 'S', name: this.name! })
      const refusal = super.submit(connection)
      if (refusal instanceof Error) {
        // The binding is out: the batch must be ended, and its answer awaited.
        this.#unwritten = refusal
        this.#preparedText = this.name && connection.parsedStatements[this.name]
        connection.sync()
      }
      return null
    } finally {
      this.#isSubmitting = false
      connection.stream.uncork?.()
    }
  }

  override handleRowDescription(message: unknown): void {
    if (this.#ownCompletions === 0) super.handleRowDescription(message)
  }

  override handleDataRow(message: unknown): void {
    if (this.#ownCompletions === 0) super.handleDataRow(message)
  }

  override handleCommandComplete(message: { text?: string }, connection: ConnectionLike): void {
    if (this.#ownCompletions === 0) {
      this.#completed += 1
      if (this.#facts.control !== undefined) noteControl(this.#carrier.bindingWriter, this.#facts, message.text)
      return super.handleCommandComplete(message, connection)
    }
    this.#ownCompletions -= 1
    this.#isBound = this.#ownCompletions === 0
  }

  /** COPY … FROM STDIN without a stream. In a batch the server has passed over our Sync by now, and waits for another one. */
  override handleCopyInResponse(connection: ConnectionLike): void {
    super.handleCopyInResponse(connection)
    if (this.#isExtended) connection.sync()
  }

  override handleReadyForQuery(connection: ConnectionLike): void {
    const failure = this.#unwritten ?? this._canceledDueToError
    // Also for a caller that has given up (query_timeout): what the statement did to the connection counts for the next one.
    if (this.#facts.control === undefined) noteOutcome(this.#carrier, failure === false)
    if (this.#isSettled) return
    // node-postgres took the answer to the binding for one to the statement, and believes that its text was prepared.
    if (this.name && this.#preparedText) connection.parsedStatements[this.name] = this.#preparedText
    if (failure !== false) return this.#fail(failure, connection)
    this.#isSettled = true
    if (this.#facts.forgetsPrepared) this.#carrier.bindingWriter.forgetPrepared()
    super.handleReadyForQuery(connection)
  }

  override handleError(error: Error, connection: ConnectionLike): void {
    if (isServerError(error)) this.#noteFailure(error)
    if (this.name) this.#carrier.uncertainNames.add(this.name)
    if (this.#isSettled) return
    if (this.#isSubmitting) {
      this.#unwritten = error
      return
    }
    // node-postgres calls the connection ready only after this, and whoever releases it in the callback must find it so.
    if (error === this.#refusal) return process.nextTick(() => this.#fail(error, connection))
    if (!isServerError(error)) return this.#fail(error, connection)
    moveBack(error, this.#lengthBefore)
    noteCompletedBefore(error, this.#completed)
    whenReady(connection, (isAlive) => {
      if (this.#isSettled) return
      if (isAlive && this.#mayTryAgain(error)) {
        this.#wasResubmitted = true
        this.#isBound = false
        this.#carrier.resubmit(this)
      } else {
        this.#fail(this.#translate(error), connection)
      }
    })
  }

  /**
   * Noted when the error comes, and not when the server is ready again: node-postgres writes the next statement first then, and that
   * one must know that the temporary schema was not emptied.
   */
  #noteFailure(error: ServerError): void {
    const { bindingWriter } = this.#carrier
    if (!this.#isBound && error.message.includes(temporaryMark)) bindingWriter.temporarySchemaFound()
    if (!this.#isBound && error.code === '26000') bindingWriter.forgetPrepared()
    // In a transaction, only a failed COMMIT ends it; all else is undone by the rollback that the caller has to send.
    if (this.#carrier.getTransactionStatus() === 'I' || this.#facts.control === 'end') bindingWriter.rolledBack()
  }

  #fail(error: Error, connection: ConnectionLike): void {
    if (this.#isSettled) return
    this.#isSettled = true
    super.handleError(error, connection)
  }

  /** Only where the server has undone everything: outside a transaction, and nothing of the statement has run. */
  #mayTryAgain(error: ServerError): boolean {
    if (this.#wasResubmitted || this.#carrier.getTransactionStatus() !== 'I' || !this.#carrier.isIdle(this)) return false
    if (!this.#isBound && error.code === '3F000' && error.message.includes(temporaryMark)) return true
    if (!this.#isBound && error.code === '26000') return true
    // A migration changed the columns under a prepared statement: it is prepared anew.
    return error.code === '0A000' && error.routine === 'RevalidateCachedQuery' && Boolean(this.name)
  }

  #translate(error: ServerError): Error {
    if (!this.#isBound) return bindingError(error, this.#binding)
    const needsOwnTransaction = error.code === '25001' || error.code === '2D000'
    return needsOwnTransaction && this.#carrier.getTransactionStatus() === 'I' ? needsSession(this.text, error) : error
  }
}

/** What steers a transaction, or resolves no names in one, goes without a binding; in a failed transaction everything does. */
export function goesAsItIs(facts: StatementFacts, status: TransactionStatusLike): boolean {
  return facts.control !== undefined || status === 'E' || (facts.namesNothing && status === 'T')
}

/** Tells the writer what became of the transaction, by the tag of the statement that steered it. */
export function noteControl(writer: BindingWriter, { control }: StatementFacts, tag: string | undefined): void {
  if (control === 'end') {
    if (tag === 'ROLLBACK') writer.rolledBack()
    else writer.committed()
  }
  if (control === 'savepoint') {
    if (tag === 'ROLLBACK') writer.rolledBackToSavepoint()
    else if (tag === 'SAVEPOINT') writer.savepointSet()
  }
}

/** Outside a transaction each statement is one of its own. */
export function noteOutcome(carrier: Carrier, isKept: boolean): void {
  if (carrier.getTransactionStatus() !== 'I') return
  if (isKept) carrier.bindingWriter.committed()
  else carrier.bindingWriter.rolledBack()
}

/**
 * A prepared statement whose fate is unknown is prepared anew. Gives true when it must be closed first, with a message in the batch;
 * to close what is not there is no error.
 */
export function forgetUncertain(connection: ConnectionLike, carrier: Carrier, name: string | undefined): boolean {
  if (!name || !carrier.uncertainNames.delete(name)) return false
  delete connection.parsedStatements[name]
  return true
}

/** The caller counts from the start of the text that the caller gave. */
function moveBack(error: Error & { position?: string }, characters: number): void {
  const position = Number(error.position)
  if (characters > 0 && position > characters) error.position = String(position - characters)
}

/**
 * A prepared statement holds the plan of one schema: its name must say which. PostgreSQL keeps 63 bytes of a name. Behind a pooler it
 * has none: the session that knows the name may be another one's next time, and one that does not know it may come.
 */
export function boundName(name: string, binding: Binding, { bindingWriter }: Pick<Carrier, 'bindingWriter'>): string | undefined {
  if (!bindingWriter.isDirect) return undefined
  const full = `${name}/${binding.schema}`
  if (Buffer.byteLength(full) <= 63) return full
  return `partywall/${createHash('sha256').update(full).digest('base64url')}`
}
