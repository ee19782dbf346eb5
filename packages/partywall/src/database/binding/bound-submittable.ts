/**
 * Binds a query object that is not ours: pg-cursor, pg-query-stream, pg-copy-streams, `new pg.Query`. The object stays the one
 * that the caller has. While it writes its messages, the binding is written in front of the first of them; the answer to the binding is
 * kept from it. Its events run in the async context of the caller, not in that of the socket.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { TenancyError } from '../../errors.ts'
import type { StatementFacts } from '../../sql/statement-facts.ts'
import { admit } from './admission.ts'
import type { Binding } from './binding.ts'
import { bindingError, roleDoubt, untrusted } from './binding-refusals.ts'
import type { Carrier } from './carrier.ts'
import { doubtUnanswered, endWithError, feedByMessages, refuseCopy } from './copy-streams.ts'
import { endWithConnection } from './cursor-end.ts'
import { OwedSync } from './owed-sync.ts'
import { noAnswer, notTheBinding, OwnCompletions, tooEarly } from './own-completions.ts'
import { isServerError, QueryBase, type ConnectionLike, type SubmittableLike } from './pg-internals.ts'
import { boundName, withCallersName } from './prepared-names.ts'
import { isCopyIn, isCopyOut, textOf } from './query-object.ts'
import { assertReadAlike } from './read-alike.ts'
import { refusedFor } from './search-path.ts'
import { noteControl, noteFailure, noteOutcome } from './transaction-outcome.ts'
import { endUnwritten } from './unwritten.ts'

/** Query objects that were bound: their methods are replaced, so they belong to one binding. */
const bound = new WeakSet<SubmittableLike>()

/** @throws TenancyError UNSAFE_STATEMENT when the object was sent before */
export function bindSubmittable(query: SubmittableLike, facts: StatementFacts, carrier: Carrier, binding: Binding): void {
  if (bound.has(query)) {
    throw new TenancyError(
      'UNSAFE_STATEMENT',
      'A query object was sent a second time. It is bound to the tenant of the first time; make a new one for each statement.',
    )
  }
  bound.add(query)
  if (isCopyOut(query)) feedByMessages(query)
  if (isCopyIn(query)) endWithError(query)
  refuseCopy(query)
  endWithConnection(query)
  const callersName = query.name ?? ''
  if (query.name) query.name = boundName(query.name, binding, carrier.bindingWriter)
  const examined = textOf(query)
  const own = new OwnCompletions()
  const sync = new OwedSync()
  let connection: ConnectionLike | undefined
  let isBound = false
  let isAbandoned = false
  /** The server has asked for the rows of a COPY. */
  let readsRows = false
  const { submit, handleRowDescription, handleCommandComplete, handleReadyForQuery, handleError } = query

  // Cursors have no `rows`, and send a Sync themselves after an error.
  query.submit = (current) =>
    withCallersName(
      sync.write(Boolean(query.rows), () => send(current)),
      query.name,
      callersName,
    )
  const send = (current: ConnectionLike): Error | null | undefined | void => {
    connection = current
    try {
      if (textOf(query) !== examined) throw textChanged()
      assertReadAlike(examined, carrier)
      isBound = admit(facts, query.requiresPreparation?.() !== false, binding, carrier)
    } catch (error) {
      return error as Error
    }
    if (isBound) return submit.call(query, current)
    const inTransaction = carrier.getTransactionStatus() === 'T'
    // Before the query looks whether its name is prepared.
    if (query.name) carrier.preparedNames.use(query.name, current)
    const outcome = beforeFirstMessage(current, {
      prepend() {
        // The caller cannot be asked to send its own query object again, so the binding must not fail for a temporary schema.
        own.expect(carrier.bindingWriter.write(current, binding, { inTransaction, mayRefuse: false }))
      },
      rewrite(text) {
        const literal = carrier.bindingWriter.literal(binding)
        own.expect(literal.tags)
        return literal.text + text
      },
      write: () => submit.call(query, current),
    })
    if (outcome !== nothingKnown) return outcome
    // It may have written something that partywall does not know.
    carrier.abandon()
    return new TenancyError(
      'UNSAFE_STATEMENT',
      'A query object wrote none of the messages that partywall knows, so it could not be bound to its tenant. Use pg.Query, ' +
        'pg-cursor, pg-query-stream or pg-copy-streams.',
    )
  }

  /** No server answers like this. Before a row could reach another caller, the connection is closed and the query object fails. */
  const distrust = (seen: string): void => {
    if (isAbandoned) return
    isAbandoned = true
    carrier.abandon()
    handleError?.call(query, untrusted(binding, seen), connection!)
  }
  for (const name of answers) {
    const handler = query[name]
    query[name] = (...args: unknown[]) => {
      if (own.arePending) distrust(tooEarly)
      if (!isAbandoned && handler !== undefined) Reflect.apply(handler, query, args)
    }
  }
  const { handleCopyInResponse, handleEmptyQuery } = query
  query.handleCopyInResponse = (current) => {
    readsRows = true
    if (query.requiresPreparation?.() === true) sync.ignored()
    handleCopyInResponse?.call(query, current)
  }
  query.handleEmptyQuery = (current) => {
    handleEmptyQuery?.call(query, current)
    sync.sent()
  }
  query.handleRowDescription = (message) => {
    // By the simple protocol the binding has a row description as well.
    if (!own.arePending && !isAbandoned) handleRowDescription?.call(query, message)
  }
  query.handleCommandComplete = (message, current) => {
    if (isAbandoned) return
    if (own.arePending) {
      if (!own.take(message.text)) distrust(notTheBinding)
      isBound = !own.arePending
      return
    }
    if (facts.control !== undefined) noteControl(carrier, facts, message.text)
    handleCommandComplete?.call(query, message, current)
    sync.sent()
  }
  query.handleReadyForQuery = (current) => {
    if (facts.control === undefined) noteOutcome(carrier, facts, true)
    if (own.arePending) distrust(noAnswer)
    if (!isAbandoned) handleReadyForQuery?.call(query, current)
  }
  query.handleError = (error, current) => {
    if (sync.isWriting && query instanceof QueryBase) endUnwritten(current)
    sync.failed(error, current)
    if (readsRows) doubtUnanswered(carrier)
    noteFailure(carrier, facts)
    if (isAbandoned) return
    if (query.name) carrier.preparedNames.doubt(query.name)
    if (!isBound && isServerError(error) && refusedFor(error) === 'role denied') carrier.doubt(roleDoubt)
    const reason = !isBound && isServerError(error) ? bindingError(error, binding) : error
    handleError?.call(query, reason, current)
  }
  runInCurrentContext(query)
}

function textChanged(): TenancyError {
  return new TenancyError(
    'UNSAFE_STATEMENT',
    'The text of a query object was changed after client.query had taken it; it was not sent. Make a new object for each statement.',
  )
}

/** Answers of a statement that cannot come before the answer to its binding. */
const answers = ['handleDataRow', 'handlePortalSuspended', 'handleEmptyQuery', 'handleCopyInResponse', 'handleCopyData'] as const

interface FirstMessage<T> {
  /** Writes the binding in front of an extended batch. */
  readonly prepend: () => void
  /** Puts the binding in front of a text of the simple protocol. */
  readonly rewrite: (text: string) => string
  readonly write: () => T
}

/** What `beforeFirstMessage` returns when none of the messages that partywall knows was written. */
const nothingKnown = Symbol('nothing known')

/** The methods of a connection that may write the first message of a query. */
const firstMessages = ['parse', 'bind', 'describe', 'execute', 'close'] as const

/**
 * Calls `write`, and puts the binding in front of what it sends. The two protocols must not be mixed: a server may stay in the
 * half-open batch.
 */
function beforeFirstMessage<T>(
  connection: ConnectionLike,
  { prepend, rewrite, write }: FirstMessage<T>,
): T | typeof nothingKnown {
  const methods = connection as unknown as Record<string, unknown>
  let hasBegun = false
  const restore = (): void => {
    hasBegun = true
    // The methods are those of the prototype; ours hide them during this call.
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
    return hasBegun || outcome instanceof Error ? outcome : nothingKnown
  } finally {
    restore()
    connection.stream.uncork?.()
  }
}

const handlers = [...answers, 'handleRowDescription', 'handleCommandComplete', 'handleReadyForQuery', 'handleError'] as const

function runInCurrentContext(query: SubmittableLike): void {
  const inContext = AsyncLocalStorage.snapshot()
  for (const name of handlers) {
    const handler = query[name]
    if (handler !== undefined) query[name] = (...args: unknown[]) => inContext(() => Reflect.apply(handler, query, args))
  }
}
