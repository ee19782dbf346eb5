/**
 * Writes bindings on one connection, in the cheapest way that the connection allows.
 *
 * On a connection to the server itself, the binding statement is prepared once and then only executed: the server need not parse and plan
 * it again. Behind a pooler nothing is prepared: the next batch may reach another server session, and PgBouncer before 1.21 does not
 * support prepared statements at all.
 *
 * It also cleans the connection at a handover (handover.ts). On a connection of its own, the first binding after a change looks for a
 * temporary schema, which costs nothing; the schema is emptied when there is one. Behind a pooler each transaction empties it without
 * looking.
 */
import { bindingLiteral, leaveRole, snapshotlessBinding, type Binding } from './binding.ts'
import type { BindingStatement } from './binding-statement.ts'
import { Handover, type HandoverEvent } from './handover.ts'
import type { ConnectionLike } from './pg-internals.ts'
import { closeBytes, executionBytes, parseBytes, statementBytes } from './wire.ts'

export interface WriteState {
  readonly inTransaction: boolean
  /** The statement can be sent once more, so the binding may fail when it finds a temporary schema. */
  readonly mayRefuse: boolean
  readonly needsNoSnapshot?: boolean
}

/** The command tags of the completions by which the server answers a binding, in order. */
export type BindingTags = readonly string[]

const tagsOfBinding: BindingTags = ['SELECT 0']
const tagsOfCleaning: BindingTags = ['DISCARD TEMP', 'SELECT 0']
const tagsAfterRole: BindingTags = ['SET', ...tagsOfBinding]
const tagsOfCleaningAfterRole: BindingTags = ['SET', ...tagsOfCleaning]

export class BindingWriter {
  readonly #prepared = new Map<string, 'ready' | 'uncertain'>()
  readonly #handover = new Handover()
  #hasTemporarySchema = false
  /** Whether the server session is the connection's own. Until that is known, it is treated as a pooler's. */
  isDirect = false
  /** The name of the database that the connection leads to; a pooler may give it another one. */
  database = ''

  /** The connection is lent for this binding. */
  handOver(binding: Binding): void {
    this.#handover.lendTo(binding.key)
  }

  note(event: HandoverEvent): void {
    this.#handover.note(event === 'committed' && !this.isDirect ? 'rolled back' : event)
  }

  /** Why no statement may be sent on this connection any more; undefined on every connection whose events were all noted. */
  contradiction(inTransaction: boolean): string | undefined {
    return this.#handover.contradiction(inTransaction)
  }

  /** Writes the binding in front of an extended batch. */
  write(connection: ConnectionLike, binding: Binding, state: WriteState): BindingTags {
    const { inTransaction, mayRefuse, needsNoSnapshot = false } = state
    if (needsNoSnapshot) {
      // Emptying the temporary schema would take a snapshot as well; the next statement does it.
      const texts = snapshotlessBinding(binding, this.database)
      for (const text of texts) connection.stream.write(statementBytes('', text, []))
      return texts.map(() => 'SET')
    }
    const leavesRole = inTransaction && binding.role !== undefined
    if (leavesRole) connection.stream.write(leaveRoleBytes)
    // A refusal in a transaction would cost the caller the transaction, so there the temporary schema is emptied without looking.
    const isDue = this.#takeHandover()
    const discards = isDue && (inTransaction || !mayRefuse || !this.isDirect || this.#hasTemporarySchema)
    if (discards) connection.stream.write(discardTemporary)
    const { plain, inside, handover } = binding.statements
    const statement = inTransaction ? inside : isDue && !discards ? handover : plain
    if (this.isDirect) this.#writePrepared(connection, binding, statement)
    else connection.stream.write(unpreparedBytes(binding, statement))
    return tagsOf(leavesRole, discards)
  }

  /** The binding in front of a text of the simple protocol, which may be sent in a transaction. */
  literal(binding: Binding): { readonly text: string; readonly tags: BindingTags } {
    const discards = this.#takeHandover()
    const leavesRole = binding.role !== undefined
    return {
      text: `${leavesRole ? `${leaveRole}; ` : ''}${discards ? 'discard temp; ' : ''}${bindingLiteral(binding)}; `,
      tags: tagsOf(leavesRole, discards),
    }
  }

  /** A binding was refused for a temporary schema. The session keeps it from now on, so each handover empties it without looking. */
  temporarySchemaFound(): void {
    this.#hasTemporarySchema = true
  }

  /** The prepared bindings may be gone: by DISCARD, by DEALLOCATE, or by a pooler that was not recognised. */
  forgetPrepared(): void {
    for (const name of this.#prepared.keys()) this.#prepared.set(name, 'uncertain')
  }

  #takeHandover(): boolean {
    const { isDue } = this.#handover
    if (isDue) this.#handover.note('cleaning sent')
    return isDue
  }

  #writePrepared(connection: ConnectionLike, binding: Binding, statement: BindingStatement): void {
    const state = this.#prepared.get(statement.name)
    if (state !== 'ready') {
      // Closing a statement that does not exist is no error; preparing one that exists is.
      if (state === 'uncertain') connection.stream.write(closeBytes(statement.name))
      this.#prepared.set(statement.name, 'ready')
      connection.stream.write(parseBytes(statement.name, statement.text))
    }
    connection.stream.write(preparedBytes(binding, statement))
  }
}

function tagsOf(leavesRole: boolean, discards: boolean): BindingTags {
  if (leavesRole) return discards ? tagsOfCleaningAfterRole : tagsAfterRole
  return discards ? tagsOfCleaning : tagsOfBinding
}

const leaveRoleBytes = statementBytes('', leaveRole, [])
const discardTemporary = statementBytes('', 'discard temp', [])

const preparedBytes = oncePerBinding(({ name }, values) => executionBytes(name, values))
const unpreparedBytes = oncePerBinding(({ text }, values) => statementBytes('', text, values))

/** The bytes of a binding do not change while it lives. */
function oncePerBinding(
  make: (statement: BindingStatement, values: readonly string[]) => Buffer,
): (binding: Binding, statement: BindingStatement) => Buffer {
  const made = new WeakMap<BindingStatement, WeakMap<Binding, Buffer>>()
  return (binding, statement) => {
    let ofStatement = made.get(statement)
    if (ofStatement === undefined) made.set(statement, (ofStatement = new WeakMap()))
    let bytes = ofStatement.get(binding)
    if (bytes === undefined) {
      bytes = make(
        statement,
        binding.settings.flatMap(({ values }) => values),
      )
      ofStatement.set(binding, bytes)
    }
    return bytes
  }
}
