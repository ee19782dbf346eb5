/**
 * Binds a query object that is not ours: pg-cursor, pg-query-stream, pg-copy-streams, `new pg.Query`. The object stays the one
 * that the caller holds. While it writes its messages, the binding is written in front of the first of them; the completion that
 * answers the binding is kept from it. Its events run in the async context of the caller, not in that of the socket.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { TenancyError } from '../../errors.ts'
import type { Binding } from './binding.ts'
import { assertBindable, bindingError } from './binding-refusals.ts'
import { boundName, forgetUncertain, goesAsItIs, noteControl, noteOutcome } from './bound-query.ts'
import type { Carrier } from './carrier.ts'
import { endWithError, isCopyIn } from './copy-in.ts'
import { feedByMessages, isCopyOut } from './copy-out.ts'
import { endWithConnection } from './cursor-end.ts'
import { isServerError, type ConnectionLike, type SubmittableLike } from './pg-internals.ts'
import { statementFacts } from '../../sql/statement-facts.ts'

export function bindSubmittable(query: SubmittableLike, carrier: Carrier, binding: Binding): void {
  const facts = statementFacts(textOf(query))
  if (isCopyOut(query)) feedByMessages(query)
  if (isCopyIn(query)) endWithError(query)
  endWithConnection(query)
  const { submit, handleRowDescription, handleDataRow, handleCommandComplete, handleReadyForQuery, handleError } = query
  let ownCompletions = 0
  let isBound = false
  if (query.name) query.name = boundName(query.name, binding, carrier)

  query.submit = (connection) => {
    const status = carrier.getTransactionStatus()
    try {
      carrier.assertTransactionOf(binding)
      assertBindable(facts, query.requiresPreparation?.() !== false, status, carrier)
    } catch (error) {
      return error as Error
    }
    if (goesAsItIs(facts, status)) {
      isBound = true
      return submit.call(query, connection)
    }
    const inTransaction = status === 'T'
    const isUncertain = forgetUncertain(connection, carrier, query.name)
    return beforeFirstMessage(connection, {
      prepend() {
        // The caller cannot be asked to try again with a query object of its own, so nothing is left to a refusal.
        ownCompletions = carrier.bindingWriter.write(connection, binding, { inTransaction, mayRefuse: false })
        if (isUncertain) connection.close({ type: 'S', name: query.name! })
      },
      rewrite(text) {
        const own = carrier.bindingWriter.literal(binding, inTransaction)
        ownCompletions = own.completions
        return own.text + text
      },
      write: () => submit.call(query, connection),
    })
  }

  query.handleRowDescription = (message) => {
    if (ownCompletions === 0) handleRowDescription?.call(query, message)
  }
  query.handleDataRow = (message) => {
    if (ownCompletions === 0) handleDataRow?.call(query, message)
  }
  query.handleCommandComplete = (message: { text?: string }, connection) => {
    if (ownCompletions === 0) {
      if (facts.control !== undefined) noteControl(carrier.bindingWriter, facts, message.text)
      return handleCommandComplete?.call(query, message, connection)
    }
    ownCompletions -= 1
    isBound = ownCompletions === 0
  }
  query.handleReadyForQuery = (connection) => {
    if (facts.control === undefined) noteOutcome(carrier, true)
    handleReadyForQuery?.call(query, connection)
  }
  query.handleError = (error, connection) => {
    if (query.name) carrier.uncertainNames.add(query.name)
    if (carrier.getTransactionStatus() === 'I' || facts.control === 'end') carrier.bindingWriter.rolledBack()
    const reason = !isBound && isServerError(error) ? bindingError(error, binding) : error
    handleError?.call(query, reason, connection)
  }
  runInContextOfNow(query)
}

interface FirstMessage<T> {
  /** Writes the binding in front of an extended batch. */
  readonly prepend: () => void
  /** Puts the binding in front of a text of the simple protocol. */
  readonly rewrite: (text: string) => string
  readonly write: () => T
}

/** The methods of a connection that may write the first message of a query. */
const firstMessages = ['parse', 'bind', 'describe', 'execute', 'close'] as const

/**
 * Calls `write`, and puts the binding in front of what it sends. The two protocols must not be mixed: a server may stay in the
 * half-open batch.
 */
function beforeFirstMessage<T>(connection: ConnectionLike, { prepend, rewrite, write }: FirstMessage<T>): T | Error {
  const methods = connection as unknown as Record<string, unknown>
  let hasBegun = false
  const restore = (): void => {
    hasBegun = true
    // The methods live on the prototype; ours stand in front of them for the length of this call.
    for (const method of [...firstMessages, 'query']) delete methods[method]
  }
  for (const method of firstMessages) {
    methods[method] = (...args: unknown[]) => {
      restore()
      prepend()
      ;(methods[method] as (...args: unknown[]) => void).apply(connection, args)
    }
  }
  methods['query'] = (text: string) => {
    restore()
    connection.query(rewrite(text))
  }
  connection.stream.cork?.()
  try {
    const outcome = write()
    if (hasBegun || outcome instanceof Error) return outcome
    return new TenancyError(
      'UNSAFE_STATEMENT',
      'A query object wrote none of the messages that partywall knows, so it could not be bound to its tenant. Use pg.Query, ' +
        'pg-cursor, pg-query-stream or pg-copy-streams.',
    )
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

export function textOf(query: SubmittableLike): string {
  const text = query.text ?? query.cursor?.text
  return typeof text === 'string' ? text : ''
}
