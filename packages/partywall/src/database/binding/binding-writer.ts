/**
 * Writes bindings on one connection, as cheaply as the connection allows.
 *
 * Where no pooler stands between, the binding statement is prepared once and then only executed, which saves the server parsing and
 * planning it each time. Behind a pooler nothing is prepared: the next batch may reach another server session, and PgBouncer before
 * 1.21 does not carry prepared statements at all.
 *
 * It also sees to the handover. What a function of the last tenant left in the temporary schema would be seen by the next one. On a
 * connection of its own the first binding of a checkout looks for it, and the temporary schema is emptied if need be. Behind a
 * pooler each transaction may come to another session, so each empties it unasked.
 */
import { bindingLiteral, bindingStatements, snapshotlessBinding, type Binding, type BindingStatement } from './binding.ts'
import type { ConnectionLike } from './pg-internals.ts'
import { closeBytes, executionBytes, parseBytes, statementBytes } from './wire.ts'

/** How far the cleaning of a handover is: until its transaction (of one statement, mostly) is kept, it may be undone. */
type Handover = 'due' | 'done in the transaction' | 'done'

export interface WriteState {
  readonly inTransaction: boolean
  /** The caller of the statement can be asked to send it once more, so a check may refuse it. */
  readonly mayRefuse: boolean
  readonly needsNoSnapshot?: boolean
}

export class BindingWriter {
  readonly #prepared = new Map<string, 'ready' | 'uncertain'>()
  #lastKey: string | undefined
  #handover: Handover = 'due'
  #hasTemporarySchema = false
  #hasEarlySavepoint = false
  /** Whether the server session is the connection's own. Until that is known, it is taken for a pooler's. */
  isDirect = false

  /** The connection is handed out for this binding. */
  handOver(binding: Binding): void {
    if (this.#lastKey !== binding.key) this.#handover = 'due'
    this.#lastKey = binding.key
  }

  /**
   * Writes the binding in front of an extended batch.
   * @returns how many completions will answer it
   */
  write(connection: ConnectionLike, binding: Binding, { inTransaction, mayRefuse, needsNoSnapshot = false }: WriteState): number {
    if (needsNoSnapshot) {
      // To empty the temporary schema would take a snapshot as well; the next statement does it.
      connection.stream.write(statementBytes('', snapshotlessBinding(binding), []))
      return 1
    }
    // In a transaction a refusal would cost the caller the transaction, so there the temporary schema is emptied unasked.
    const isDue = this.#takeHandover(inTransaction)
    const discards = isDue && (inTransaction || !mayRefuse || !this.isDirect || this.#hasTemporarySchema)
    if (discards) connection.stream.write(discardTemporary)
    if (this.isDirect) this.#writePrepared(connection, binding, isDue && !discards)
    else connection.stream.write(unpreparedBytes(binding, bindingStatements(binding).plain))
    return discards ? 2 : 1
  }

  /** The binding in front of a text of the simple protocol, and how many completions will answer it. */
  literal(binding: Binding, inTransaction: boolean): { readonly text: string; readonly completions: number } {
    const discards = this.#takeHandover(inTransaction)
    return { text: `${discards ? 'discard temp; ' : ''}${bindingLiteral(binding)}; `, completions: discards ? 2 : 1 }
  }

  /** What was sent last is kept: the statement is done, or its transaction was committed. */
  committed(): void {
    // Behind a pooler the next transaction may come to another session.
    if (this.#handover === 'done in the transaction') this.#handover = this.isDirect ? 'done' : 'due'
    this.#hasEarlySavepoint = false
  }

  /** What was sent last is undone, and with it the cleaning that it did. */
  rolledBack(): void {
    if (this.#handover === 'done in the transaction') this.#handover = 'due'
    this.#hasEarlySavepoint = false
  }

  /** A savepoint was set; if the cleaning comes only after it, a rollback to it brings back what was cleaned. */
  savepointSet(): void {
    if (this.#handover === 'due') this.#hasEarlySavepoint = true
  }

  rolledBackToSavepoint(): void {
    if (this.#hasEarlySavepoint && this.#handover === 'done in the transaction') this.#handover = 'due'
  }

  /** A binding was refused for a temporary schema, which the session keeps from now on: each handover empties it unasked. */
  temporarySchemaFound(): void {
    this.#hasTemporarySchema = true
  }

  /** The prepared bindings may be gone: by DISCARD, by DEALLOCATE, or by a pooler that was not seen. */
  forgetPrepared(): void {
    for (const name of this.#prepared.keys()) this.#prepared.set(name, 'uncertain')
  }

  #takeHandover(inTransaction: boolean): boolean {
    // Outside a transaction a pooler may lend another session to each statement.
    const isDue = this.#handover === 'due' || (!this.isDirect && !inTransaction)
    if (isDue) this.#handover = 'done in the transaction'
    return isDue
  }

  #writePrepared(connection: ConnectionLike, binding: Binding, isHandover: boolean): void {
    const { plain, handover } = bindingStatements(binding)
    const statement = isHandover ? handover : plain
    const state = this.#prepared.get(statement.name)
    if (state !== 'ready') {
      // To close what is not there is no error; to prepare what is there is one.
      if (state === 'uncertain') connection.stream.write(closeBytes(statement.name))
      this.#prepared.set(statement.name, 'ready')
      connection.stream.write(parseBytes(statement.name, statement.text))
    }
    connection.stream.write(preparedBytes(binding, statement))
  }
}

const discardTemporary = statementBytes('', 'discard temp', [])

const preparedBytes = oncePerBinding(({ values }, { name }) => executionBytes(name, values))
const unpreparedBytes = oncePerBinding(({ values }, { text }) => statementBytes('', text, values))

/** The bytes of a binding do not change while it lives. */
function oncePerBinding(make: (binding: Binding, statement: BindingStatement) => Buffer): typeof make {
  const made = new WeakMap<BindingStatement, WeakMap<Binding, Buffer>>()
  return (binding, statement) => {
    let ofStatement = made.get(statement)
    if (ofStatement === undefined) made.set(statement, (ofStatement = new WeakMap()))
    let bytes = ofStatement.get(binding)
    if (bytes === undefined) ofStatement.set(binding, (bytes = make(binding, statement)))
    return bytes
  }
}
