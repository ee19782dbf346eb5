/**
 * Writes bindings on one connection, as cheaply as the connection allows.
 *
 * Where no pooler stands between, the binding statement is prepared once and then only executed, which saves the server a third of
 * its work on a small statement. Whether one does is learned from the first binding, at no cost. Behind a pooler nothing is prepared:
 * the next batch may reach another server session, and PgBouncer before 1.21 does not carry prepared statements at all.
 */
import { bindingLiteral, bindingStatements, type Binding, type BindingStatement } from './binding.ts'
import type { ConnectionLike } from './pg-internals.ts'

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
    if (discards) writeUnprepared(connection, 'discard temp', [])
    if (this.#route === 'direct') this.#writePrepared(connection, binding, isHandover && !discards)
    else if (this.#route === 'unknown' && !discards) this.#writeFirst(connection, binding)
    else writeUnprepared(connection, statementFor(binding, isHandover && !discards).text, binding.values)
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
    writeUnprepared(connection, bindingStatements(binding).first.text, [...binding.values, String(this.#processId() ?? 0)])
  }

  #writePrepared(connection: ConnectionLike, binding: Binding, isHandover: boolean): void {
    const { name, text } = statementFor(binding, isHandover)
    const state = this.#prepared.get(name)
    if (state !== 'ready') {
      // To close what is not there is no error; to prepare what is there is one.
      if (state === 'uncertain') connection.close({ type: 'S', name })
      this.#prepared.set(name, 'ready')
      connection.parse({ name, text })
    }
    connection.bind({ statement: name, values: binding.values })
    connection.execute({})
  }
}

function statementFor(binding: Binding, isHandover: boolean): BindingStatement {
  const { plain, handover } = bindingStatements(binding)
  return isHandover ? handover : plain
}

/** Parse, Bind and Execute. No Describe, so no row description comes back. */
function writeUnprepared(connection: ConnectionLike, text: string, values: readonly string[]): void {
  connection.parse({ text })
  connection.bind({ values })
  connection.execute({})
}
