/**
 * Finds work of a migration that failed and that the migration did not await. The library that a migration uses wraps each query in promises of
 * its own, so a failure can end in a promise that no code awaits. Node.js would end the process for it, in the middle of a run.
 *
 * Node.js reports such a failure in the async context in which its promise was made, which tells the migrations from the rest of the
 * application. What is not the work of a migration is treated as if partywall did not listen.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** What one migration in code has left behind. */
export interface FloatingWork {
  /** The first failure that no code awaited. */
  failure?: { readonly reason: unknown } | undefined
  isOver: boolean
}

const current = new AsyncLocalStorage<FloatingWork>()
let isListening = false

/** Calls `fn`; what it starts and does not await belongs to `work` afterwards, too. */
export function withFloatingWork<R>(work: FloatingWork, fn: () => R): R {
  listen()
  return current.run(work, fn)
}

/** Once, and for the rest of the process: a timer of a migration may fire at any later time. */
function listen(): void {
  // A user who chose another mode gets it: a listener would replace it.
  if (isListening || /--unhandled-rejections/.test(`${process.execArgv.join(' ')} ${process.env['NODE_OPTIONS'] ?? ''}`)) return
  isListening = true
  process.on('unhandledRejection', onUnhandled)
}

function onUnhandled(reason: unknown): void {
  const work = current.getStore()
  if (work === undefined) {
    // What Node.js does without a listener; it passes the error on as an uncaught exception.
    if (process.listenerCount('unhandledRejection') === 1) throw reason
    return
  }
  if (!work.isOver) work.failure ??= { reason }
  else process.emitWarning(lateWarning(reason), { code: 'PARTYWALL_FLOATING_MIGRATION' })
}

/** Without the message of an error that is not partywall's own: it may hold values. */
function lateWarning(reason: unknown): string {
  const code = (reason as { code?: unknown } | null)?.code
  return (
    `Work that a migration started and did not await failed after the end of the migration${typeof code === 'string' ? ` (${code})` : ''}. ` +
    'A query after the end is refused, so it has changed nothing. Await it before `up` or `down` returns. See docs/errors.md#PARTYWALL_FLOATING_MIGRATION'
  )
}
