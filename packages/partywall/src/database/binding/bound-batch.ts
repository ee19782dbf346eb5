/**
 * One statement for many tenants in one batch with one Sync: binding, statement, binding, statement, … inside of a transaction that the caller has opened.
 * Each statement is bound as it would be alone, with its own settings and its own check of the schema; what is saved is the round trip. An error ends the
 * batch: the answers before it are kept, and the server skips what comes after it.
 */
import pg, { type CustomTypesConfig } from 'pg'
import { examine, type StatementFacts } from '../../sql/statement-facts.ts'
import { admit } from './admission.ts'
import type { Binding } from './binding.ts'
import { bindingError, roleDoubt, untrusted } from './binding-refusals.ts'
import type { Carrier } from './carrier.ts'
import { notTheBinding, OwnCompletions, tooEarly } from './own-completions.ts'
import { isServerError, QueryBase, whenReady, type ConnectionLike, type QueryLike, type SubmittableLike } from './pg-internals.ts'
import { assertReadAlike } from './read-alike.ts'
import { refusedFor } from './search-path.ts'
import { noteFailure } from './transaction-outcome.ts'

export interface BatchStatement {
  readonly text: string
  readonly values: readonly unknown[]
  /** The most rows of one tenant that the server sends. */
  readonly mostRows: number
  /** The most rows, and the most bytes, of all tenants of the batch that are kept. */
  readonly mostKept: { readonly rows: number; readonly bytes: number }
  readonly types?: CustomTypesConfig | undefined
}

export interface BatchAnswer {
  /** The rows of each tenant in the order of the bindings, as far as the batch came. */
  readonly rows: readonly (readonly Record<string, unknown>[])[]
  readonly bytes: number
  /** There were more rows or bytes than may be kept: the rows are not complete. */
  readonly isTooMuch: boolean
  /** The statement that failed is the one behind those that have rows. */
  readonly error?: Error
}

interface Part {
  readonly binding: Binding
  readonly own: OwnCompletions
  readonly query: QueryLike & { readonly _result: { readonly rows: Record<string, unknown>[] } }
}

export class BoundBatch implements SubmittableLike {
  readonly callback = (): void => {}
  readonly #carrier: Carrier
  readonly #statement: BatchStatement
  readonly #facts: StatementFacts
  readonly #parts: readonly Part[]
  readonly #done: (error: Error | undefined, answer?: BatchAnswer) => void
  readonly #values: readonly unknown[]
  #answered = 0
  #rows = 0
  #bytes = 0
  #isTooMuch = false
  #isSettled = false

  /** @throws where a value cannot be written */
  constructor(
    carrier: Carrier,
    bindings: readonly Binding[],
    statement: BatchStatement,
    done: (error: Error | undefined, answer?: BatchAnswer) => void,
  ) {
    this.#carrier = carrier
    this.#statement = statement
    this.#facts = examine(statement.text).facts
    this.#done = done
    this.#values = writtenValues(statement.values)
    const types = statement.types ?? pg.types
    this.#parts = bindings.map((binding) => {
      const query = new QueryBase({ text: statement.text, types: types as CustomTypesConfig }) as Part['query']
      return { binding, own: new OwnCompletions(), query }
    })
  }

  submit(connection: ConnectionLike): Error | null {
    const { text, mostRows } = this.#statement
    try {
      assertReadAlike(text, this.#carrier)
      for (const { binding } of this.#parts) {
        if (admit(this.#facts, true, binding, this.#carrier)) throw untrusted(binding, 'its transaction has failed')
      }
    } catch (error) {
      return error as Error
    }
    connection.stream.cork?.()
    try {
      for (const { binding, own } of this.#parts) {
        own.expect(this.#carrier.bindingWriter.write(connection, binding, { inTransaction: true, mayRefuse: false }))
        connection.parse({ text })
        connection.bind({ values: this.#values })
        connection.describe({ type: 'P', name: '' })
        connection.execute({ portal: '', rows: mostRows })
      }
      connection.sync()
    } finally {
      connection.stream.uncork?.()
    }
    return null
  }

  handleRowDescription(message: unknown): void {
    const part = this.#current()
    if (part === undefined) return
    if (part.own.arePending) return this.#distrust(part, tooEarly)
    part.query.handleRowDescription(message)
  }

  handleDataRow(message: unknown): void {
    const part = this.#current()
    if (part === undefined) return
    if (part.own.arePending) return this.#distrust(part, tooEarly)
    const { mostKept } = this.#statement
    this.#rows += 1
    this.#bytes += (message as { length: number }).length
    if (this.#rows > mostKept.rows || this.#bytes > mostKept.bytes) this.#isTooMuch = true
    else part.query.handleDataRow(message)
  }

  handleCommandComplete(message: { text?: string }): void {
    const part = this.#current()
    if (part === undefined) return
    if (!part.own.arePending) this.#answered += 1
    else if (!part.own.take(message.text)) this.#distrust(part, notTheBinding)
  }

  /** The tenant has more rows than the server was asked for. */
  handlePortalSuspended(): void {
    const part = this.#current()
    if (part === undefined) return
    if (part.own.arePending) return this.#distrust(part, tooEarly)
    this.#isTooMuch = true
    this.#answered += 1
  }

  handleEmptyQuery(): void {
    const part = this.#current()
    if (part !== undefined) this.#distrust(part, 'a statement was taken for an empty one')
  }

  handleReadyForQuery(): void {
    if (this.#isSettled) return
    if (this.#answered < this.#parts.length) return this.#distrust(this.#parts[this.#answered]!, 'a statement was not answered')
    this.#settle(undefined, this.#answer())
  }

  handleError(error: Error, connection: ConnectionLike): void {
    const part = this.#parts[this.#answered]
    if (!isServerError(error) || part === undefined) return this.#settle(error)
    noteFailure(this.#carrier, this.#facts)
    const isOfBinding = part.own.arePending
    if (isOfBinding && refusedFor(error) === 'role denied') this.#carrier.doubt(roleDoubt)
    if (error.code === '26000') this.#carrier.bindingWriter.forgetPrepared()
    whenReady(connection, (isAlive) => {
      // A server that ends the session says why, and is not ready again.
      if (!isAlive) return this.#settle(error)
      this.#settle(undefined, { ...this.#answer(), error: isOfBinding ? bindingError(error, part.binding) : error })
    })
  }

  #answer(): BatchAnswer {
    const answered = this.#parts.slice(0, this.#answered)
    const unread = answered.find(({ query }) => query._canceledDueToError !== false)
    // A parser of the application threw.
    if (unread !== undefined) return { rows: [], bytes: 0, isTooMuch: false, error: unread.query._canceledDueToError as Error }
    return { rows: answered.map(({ query }) => query._result.rows), bytes: this.#bytes, isTooMuch: this.#isTooMuch }
  }

  #current(): Part | undefined {
    const part = this.#parts[this.#answered]
    if (part === undefined && !this.#isSettled)
      this.#distrust(this.#parts.at(-1)!, 'more statements were answered than were sent')
    return this.#isSettled ? undefined : part
  }

  /** No row of a batch whose answers do not fit is passed on. */
  #distrust({ binding }: Part, seen: string): void {
    this.#carrier.abandon()
    this.#settle(untrusted(binding, seen))
  }

  #settle(error: Error | undefined, answer?: BatchAnswer): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#done(error, answer)
  }
}

/** As node-postgres writes them, once for all tenants. */
function writtenValues(values: readonly unknown[]): readonly unknown[] {
  let written: readonly unknown[] = []
  const connection = {
    parsedStatements: {},
    submittedNamedStatements: {},
    stream: {},
    parse: ignore,
    bind: (config: { values?: readonly unknown[]; valueMapper?: (value: unknown) => unknown }) => {
      const { valueMapper = (value) => value } = config
      written = (config.values ?? []).map((value) => valueMapper(value))
    },
    describe: ignore,
    execute: ignore,
    close: ignore,
    sync: ignore,
  }
  const query = new QueryBase({ text: 'select', values: [...values] })
  let failure: Error | undefined
  query.callback = (error) => void (failure ??= error ?? undefined)
  if (values.length === 0) return []
  query.submit(connection as unknown as ConnectionLike)
  if (failure !== undefined) throw failure
  return written
}

function ignore(): void {}
