/**
 * Binds a query object that is not ours: pg-cursor, pg-query-stream, pg-copy-streams, `new pg.Query`. The object stays the one
 * that the caller holds. While it writes its messages, the binding is written in front of the first of them; the completion that
 * answers the binding is kept from it. Its events run in the async context of the caller, not in that of the socket.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Binding } from './binding.ts'
import { assertBindable, bindingError, type Carrier } from './bound-query.ts'
import { isServerError, type ConnectionLike, type SubmittableLike } from './pg-internals.ts'
import { statementFacts } from './statement-facts.ts'

export function bindSubmittable(query: SubmittableLike, carrier: Carrier, binding: Binding): void {
  const facts = statementFacts(textOf(query))
  const submit = query.submit
  let ownCompletions = 0
  let isBound = false

  query.submit = (connection) => {
    const status = carrier.getTransactionStatus()
    try {
      carrier.assertTransactionOf(binding)
      assertBindable(facts, undefined, status, carrier.serverVersionNumber)
    } catch (error) {
      return error as Error
    }
    if (facts.control !== undefined || status === 'E') {
      isBound = true
      return submit.call(query, connection)
    }
    return beforeFirstMessage(
      connection,
      () => {
        // The caller cannot be asked to try again with a query object of its own, so nothing is left to a refusal.
        const state = { inTransaction: status === 'T', discardsTemporary: true }
        ownCompletions = carrier.bindingWriter.write(connection, binding, state)
      },
      (text) => {
        const own = carrier.bindingWriter.literal(binding)
        ownCompletions = own.completions
        return own.text + text
      },
      () => submit.call(query, connection),
    )
  }

  const { handleRowDescription, handleDataRow, handleCommandComplete, handleError } = query
  query.handleRowDescription = (message) => {
    if (ownCompletions === 0) handleRowDescription?.call(query, message)
  }
  query.handleDataRow = (message) => {
    if (ownCompletions === 0) handleDataRow?.call(query, message)
  }
  query.handleCommandComplete = (message: { text?: string }, connection) => {
    if (ownCompletions === 0) return handleCommandComplete?.call(query, message, connection)
    carrier.bindingWriter.answered(message.text)
    ownCompletions -= 1
    isBound = ownCompletions === 0
  }
  query.handleError = (error, connection) => {
    carrier.bindingWriter.repeatHandover()
    const reason = !isBound && isServerError(error) ? bindingError(error, binding) : error
    handleError?.call(query, reason, connection)
  }
  runInContextOfNow(query)
}

/**
 * Calls `write`, and puts the binding in front of what it sends: `prepend` before an extended batch, or `rewrite` for a text of the
 * simple protocol. The two must not be mixed: a server may stay in the half-open batch.
 */
function beforeFirstMessage<T>(
  connection: ConnectionLike,
  prepend: () => void,
  rewrite: (text: string) => string,
  write: () => T,
): T {
  const restore = (): void => {
    // The methods live on the prototype; ours stand in front of them for the length of this call.
    delete (connection as Partial<ConnectionLike>).parse
    delete (connection as Partial<ConnectionLike>).query
  }
  connection.parse = (message) => {
    restore()
    prepend()
    connection.parse(message)
  }
  connection.query = (text) => {
    restore()
    connection.query(rewrite(text))
  }
  connection.stream.cork?.()
  try {
    return write()
  } finally {
    restore()
    connection.stream.uncork?.()
  }
}

const handlers = [
  'handleRowDescription',
  'handleDataRow',
  'handleCommandComplete',
  'handleReadyForQuery',
  'handleError',
  'handlePortalSuspended',
  'handleEmptyQuery',
  'handleCopyInResponse',
  'handleCopyData',
] as const

function runInContextOfNow(query: SubmittableLike): void {
  const inContext = AsyncLocalStorage.snapshot()
  for (const name of handlers) {
    const handler = query[name]
    if (handler !== undefined) query[name] = (...args: unknown[]) => inContext(() => Reflect.apply(handler, query, args))
  }
}

function textOf(query: SubmittableLike): string {
  const text = query.text ?? query.cursor?.text
  return typeof text === 'string' ? text : ''
}
