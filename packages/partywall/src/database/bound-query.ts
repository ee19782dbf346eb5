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
import { TenancyError } from '../errors.ts'
import { noUsageMark, temporaryMark, type Binding } from './binding.ts'
import type { BindingWriter } from './binding-writer.ts'
import {
  isServerError,
  QueryBase,
  type ConnectionLike,
  type QueryConfigLike,
  type ServerError,
  type TransactionStatusLike,
} from './pg-internals.ts'
import { splitStatements } from './sql-tokens.ts'
import { statementFacts, type StatementFacts } from './statement-facts.ts'

/** What a bound query asks of the client that carries it. */
export interface Carrier {
  getTransactionStatus(): TransactionStatusLike
  /** 150000 for PostgreSQL 15; 0 while unknown. */
  readonly serverVersionNumber: number
  readonly bindingWriter: BindingWriter
  /** Throws when a transaction of another binding is open. */
  assertTransactionOf(binding: Binding): void
  /** Names of prepared statements that the server may or may not hold. */
  readonly uncertainNames: Set<string>
  /** Sends the query once more, after the server is ready. */
  resubmit(query: BoundQuery): void
}

/** Before PostgreSQL 18, CALL in a batch may commit in the middle. */
const firstVersionWithSafeCall = 180_000

export class BoundQuery extends QueryBase {
  readonly #carrier: Carrier
  readonly #binding: Binding
  readonly #facts: StatementFacts
  readonly query_timeout: number | undefined
  /** Completions still to come that belong to the binding and not to the statement. */
  #ownCompletions = 0
  #isBound = false
  #discardsTemporary = false
  #wasResubmitted = false
  #isSettled = false
  /** Characters that stand before the caller's text; PostgreSQL counts them in the `position` of an error. */
  #lengthBefore = 0
  #isSubmitting = false
  /** Why the statement could not be written; told when the server has answered what was. */
  #unwritten: Error | undefined

  constructor(carrier: Carrier, binding: Binding, config: string | QueryConfigLike, values?: readonly unknown[]) {
    super(config, values)
    this.#carrier = carrier
    this.#binding = binding
    this.#facts = statementFacts(typeof this.text === 'string' ? this.text : '')
    this.query_timeout = typeof config === 'object' ? config.query_timeout : undefined
    if (this.name) this.name = boundName(this.name, binding)
  }

  override submit(connection: ConnectionLike): Error | null | undefined | void {
    const status = this.#carrier.getTransactionStatus()
    try {
      this.#carrier.assertTransactionOf(this.#binding)
      assertBindable(this.#facts, this.values, status, this.#carrier.serverVersionNumber)
    } catch (error) {
      return error as Error
    }
    if (this.#facts.control !== undefined || status === 'E') {
      this.#isBound = true
      return super.submit(connection)
    }
    const hasValues = this.values !== undefined && this.values.length > 0
    if (!hasValues && !this.name && (this.#facts.isMany || (this.#facts.mayCommit && status === 'I'))) {
      return this.#submitSimple(connection)
    }
    return this.#submitExtended(connection, status)
  }

  /** Several statements in one text are one implicit transaction, in which CALL and DO cannot commit. */
  #submitSimple(connection: ConnectionLike): null {
    const { text, completions } = this.#carrier.bindingWriter.literal(this.#binding)
    this.#ownCompletions = completions
    this.#lengthBefore = [...text].length
    connection.query(text + this.text)
    return null
  }

  #submitExtended(connection: ConnectionLike, status: TransactionStatusLike): Error | null | undefined | void {
    this.queryMode = 'extended'
    connection.stream.cork?.()
    this.#isSubmitting = true
    try {
      this.#ownCompletions = this.#carrier.bindingWriter.write(connection, this.#binding, {
        inTransaction: status === 'T',
        discardsTemporary: this.#discardsTemporary,
      })
      if (this.name && this.#carrier.uncertainNames.delete(this.name)) {
        connection.close({ type: 'S', name: this.name })
        delete connection.parsedStatements[this.name]
      }
      return super.submit(connection)
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
    if (this.#ownCompletions === 0) return super.handleCommandComplete(message, connection)
    this.#carrier.bindingWriter.answered(message.text)
    this.#ownCompletions -= 1
    this.#isBound = this.#ownCompletions === 0
  }

  override handleReadyForQuery(connection: ConnectionLike): void {
    if (this.#isSettled) return
    if (this.#unwritten !== undefined) return this.#fail(this.#unwritten, connection)
    this.#isSettled = true
    if (this.#facts.forgetsPrepared) this.#carrier.bindingWriter.forgetPrepared()
    super.handleReadyForQuery(connection)
  }

  override handleError(error: Error, connection: ConnectionLike): void {
    if (this.#isSettled) return
    if (this.name) this.#carrier.uncertainNames.add(this.name)
    this.#carrier.bindingWriter.repeatHandover()
    if (this.#isSubmitting) {
      this.#unwritten = error
      return
    }
    moveBack(error, this.#lengthBefore)
    if (!isServerError(error) || error.severity !== 'ERROR') return this.#fail(error, connection)
    whenReady(connection, (isAlive) => {
      if (isAlive && this.#mayTryAgain(error)) {
        this.#wasResubmitted = true
        this.#isBound = false
        this.#carrier.resubmit(this)
      } else {
        this.#fail(this.#translate(error), connection)
      }
    })
  }

  #fail(error: Error, connection: ConnectionLike): void {
    if (this.#isSettled) return
    this.#isSettled = true
    super.handleError(error, connection)
  }

  /** Only where the server has undone everything: outside a transaction, and nothing of the statement has run. */
  #mayTryAgain(error: ServerError): boolean {
    if (this.#wasResubmitted || this.#carrier.getTransactionStatus() !== 'I') return false
    if (!this.#isBound && error.code === '3F000' && error.message.includes(temporaryMark)) {
      this.#discardsTemporary = true
      return true
    }
    if (!this.#isBound && error.code === '26000') {
      this.#carrier.bindingWriter.forgetPrepared()
      return true
    }
    // A migration changed the columns under a prepared statement: it is prepared anew.
    return error.code === '0A000' && error.routine === 'RevalidateCachedQuery' && Boolean(this.name)
  }

  #translate(error: ServerError): Error {
    if (!this.#isBound) return bindingError(error, this.#binding)
    const needsOwnTransaction = error.code === '25001' || error.code === '2D000'
    return needsOwnTransaction && this.#carrier.getTransactionStatus() === 'I' ? needsSession(this.text, error) : error
  }
}

/** The caller counts from the start of the text that the caller gave. */
function moveBack(error: Error & { position?: string }, characters: number): void {
  const position = Number(error.position)
  if (characters > 0 && position > characters) error.position = String(position - characters)
}

/** Why a binding failed, in partywall's words. Other errors pass as they are. */
export function bindingError(error: ServerError, binding: Binding): Error {
  if (error.code !== '3F000') return error
  const details = { schema: binding.schema }
  if (error.message.includes(noUsageMark)) {
    return new TenancyError(
      'SCHEMA_MISSING',
      `The schema of ${binding.label} is there, but this role may not use it, so nothing was run. ` +
        'As its owner, run: grant usage on schema … to the role that the application connects as.',
      { details, cause: error },
    )
  }
  return new TenancyError(
    'SCHEMA_MISSING',
    `The schema of ${binding.label} is not in the database, so nothing was run; the shared schema was not read in its place. ` +
      'It was dropped or renamed outside partywall: restore it, or remove the tenant from the catalog.',
    { details, cause: error },
  )
}

/** Refuses what no binding can hold. */
export function assertBindable(
  facts: StatementFacts,
  values: readonly unknown[] | undefined,
  status: TransactionStatusLike,
  serverVersionNumber: number,
): void {
  if (facts.hiddenControl !== undefined) {
    throw new TenancyError(
      'UNSAFE_STATEMENT',
      `A text of several statements holds ${facts.hiddenControl.toUpperCase()}: what follows it would run without its tenant. ` +
        'Send the statements one by one on a client from tenancy.pool.connect().',
      { details: { statement: facts.hiddenControl } },
    )
  }
  if (facts.asksSession !== undefined) {
    throw new TenancyError(
      'UNSAFE_STATEMENT',
      `${facts.asksSession} answers for the connection, which tenants share: it may give another tenant's number. ` +
        "Use insert … returning, or currval('name_of_the_sequence').",
      { details: { statement: facts.asksSession } },
    )
  }
  const hasValues = values !== undefined && values.length > 0
  if (facts.mayCommit && hasValues && status === 'I' && serverVersionNumber < firstVersionWithSafeCall) {
    throw new TenancyError(
      'NEEDS_SESSION',
      'CALL with parameters is refused outside a transaction on PostgreSQL before 18: if the procedure commits, the rest of it would ' +
        'run without its tenant. Call it between begin and commit, or in tenancy.session(tenant, (client) => …).',
    )
  }
}

function needsSession(text: string, error: ServerError): TenancyError {
  const [verb = 'The statement', object = ''] = splitStatements(text)[0]?.tokens ?? []
  const name = ['create', 'drop', 'alter', 'reindex'].includes(verb) ? `${verb} ${object}` : verb
  return new TenancyError(
    'NEEDS_SESSION',
    `${name.toUpperCase()} must be alone in its transaction or ends it itself, so it cannot be sent together with its tenant's search path. ` +
      'Run it in tenancy.session(tenant, (client) => client.query(…)).',
    { cause: error },
  )
}

/** Runs `fn` when the server has said that it is ready, or with `false` when the connection ended first. */
function whenReady(connection: ConnectionLike, fn: (isAlive: boolean) => void): void {
  const settle = (isAlive: boolean) => () => {
    connection.removeListener('readyForQuery', ready)
    connection.removeListener('end', ended)
    fn(isAlive)
  }
  const ready = settle(true)
  const ended = settle(false)
  connection.once('readyForQuery', ready)
  connection.once('end', ended)
}

/** A prepared statement holds the plan of one schema: its name must say which. PostgreSQL keeps 63 bytes of a name. */
function boundName(name: string, binding: Binding): string {
  const full = `${name}/${binding.schema}`
  if (Buffer.byteLength(full) <= 63) return full
  return `partywall/${createHash('sha256').update(full).digest('base64url')}`
}
