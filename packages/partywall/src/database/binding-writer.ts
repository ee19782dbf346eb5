/**
 * Writes bindings on one connection, as cheaply as the connection allows.
 *
 * Where no pooler stands between, the binding statement is prepared once and then only executed, which saves the server a third of
 * its work on a small statement. Whether one does is learned from the first binding, at no cost. Behind a pooler nothing is prepared:
 * the next batch may reach another server session, and PgBouncer before 1.21 does not carry prepared statements at all.
 */
import { bindingLiteral, bindingStatements, type Binding, type BindingStatement } from './binding.ts'
import type { ConnectionLike } from './pg-internals.ts'
import { closeBytes, executionBytes, parseBytes, statementBytes } from './wire.ts'

type Route = 'unknown' | 'direct' | 'pooled'

export class BindingWriter {
  readonly #processId: () => number | null
  readonly #prepared = new Map<string, 'ready' | 'uncertain'>()
  #route: Route = 'unknown'
  #isAsking = false
  #servedKey: string | undefined

  /** `processId`: the server session that was opened, known when the connection is. */
  constructor(processId: () => number | null) {
    this.#processId = processId
  }

  /**
   * Writes the binding in front of an extended batch.
   * @returns how many completions will answer it; each must be handed to `answered`
   */
  write(connection: ConnectionLike, binding: Binding, state: { inTransaction: boolean; discardsTemporary?: boolean }): number {
    const isHandover = this.#takeHandover(binding)
    // In a transaction a refusal would cost the caller the transaction, so there the temporary schema is emptied unasked.
    const discards = state.discardsTemporary === true || (isHandover && state.inTransaction)
    if (discards) connection.stream.write(discardTemporary)
    if (this.#route === 'direct') this.#writePrepared(connection, binding, isHandover && !discards)
    else if (this.#route === 'unknown' && !discards) this.#writeFirst(connection, binding)
    else connection.stream.write(unpreparedBytes(binding, statementFor(binding, isHandover && !discards)))
    return discards ? 2 : 1
  }

  /** The binding in front of a text of the simple protocol, and how many completions will answer it. */
  literal(binding: Binding): { readonly text: string; readonly completions: number } {
    const discards = this.#takeHandover(binding)
    return { text: `${discards ? 'discard temp; ' : ''}${bindingLiteral(binding)}; `, completions: discards ? 2 : 1 }
  }

  /** Takes the completion of a binding; `tag` is what the server says was done, e.g. `SELECT 0`. */
  answered(tag: string | undefined): void {
    if (!this.#isAsking) return
    this.#isAsking = false
    this.#route = tag === 'SELECT 1' ? 'direct' : 'pooled'
  }

  /** What a handover cleaned may have come back with a rollback: the next binding cleans again. */
  repeatHandover(): void {
    this.#isAsking = false
    this.#servedKey = undefined
  }

  /** The prepared bindings may be gone: by DISCARD, by DEALLOCATE, or by a pooler that was not seen. */
  forgetPrepared(): void {
    for (const name of this.#prepared.keys()) this.#prepared.set(name, 'uncertain')
  }

  #takeHandover(binding: Binding): boolean {
    const isHandover = this.#servedKey !== binding.key
    this.#servedKey = binding.key
    return isHandover
  }

  #writeFirst(connection: ConnectionLike, binding: Binding): void {
    this.#isAsking = true
    const processId = String(this.#processId() ?? 0)
    connection.stream.write(statementBytes('', bindingStatements(binding).first.text, [...binding.values, processId]))
  }

  #writePrepared(connection: ConnectionLike, binding: Binding, isHandover: boolean): void {
    const statement = statementFor(binding, isHandover)
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

function statementFor(binding: Binding, isHandover: boolean): BindingStatement {
  const { plain, handover } = bindingStatements(binding)
  return isHandover ? handover : plain
}

const discardTemporary = statementBytes('', 'discard temp', [])

const preparedBytes = oncePerBinding(({ values }, { name }) => executionBytes(name, values))
const unpreparedBytes = oncePerBinding(({ values }, { text }) => statementBytes('', text, values))

/** The bytes of a binding do not change while it lives. */
function oncePerBinding(make: (binding: Binding, statement: BindingStatement) => Buffer): typeof make {
  const made = new WeakMap<Binding, Map<BindingStatement, Buffer>>()
  return (binding, statement) => {
    let ofBinding = made.get(binding)
    if (ofBinding === undefined) made.set(binding, (ofBinding = new Map()))
    let bytes = ofBinding.get(statement)
    if (bytes === undefined) ofBinding.set(statement, (bytes = make(binding, statement)))
    return bytes
  }
}
