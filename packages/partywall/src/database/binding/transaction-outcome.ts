/** Notes what became of each statement's transaction: whether the cleaning of the connection that was sent in it is kept. */
import type { StatementFacts } from '../../sql/statement-facts.ts'
import type { Carrier } from './carrier.ts'

/** A statement that controls a transaction was completed; its tag tells what it did. */
export function noteControl({ bindingWriter }: Carrier, { control }: StatementFacts, tag: string | undefined): void {
  if (control === 'end') bindingWriter.note(tag === 'ROLLBACK' ? 'rolled back' : 'committed')
  if (control === 'savepoint') {
    if (tag === 'ROLLBACK') bindingWriter.note('rolled back to savepoint')
    else if (tag === 'SAVEPOINT') bindingWriter.note('savepoint set')
  }
}

/** A text is sent in a failed transaction: it can do no more than end it, and a COMMIT rolls back then. */
export function noteSentAfterFailure(carrier: Carrier, { mayEnd }: StatementFacts): void {
  if (mayEnd) noteRolledBackInText(carrier)
}

/** The server is ready after any other statement. Outside of a transaction, each statement is one of its own. */
export function noteOutcome(carrier: Carrier, facts: StatementFacts, isKept: boolean): void {
  const { bindingWriter } = carrier
  const { mayRollBack, makesTemporary } = facts
  noteForgotten(carrier, facts)
  if (makesTemporary) bindingWriter.temporarySchemaFound()
  if (mayRollBack) noteRolledBackInText(carrier)
  else if (carrier.getTransactionStatus() === 'I') bindingWriter.note(isKept ? 'committed' : 'rolled back')
}

/**
 * The server refused a statement. To be called when the error arrives and not when the server is ready again: node-postgres writes the
 * next statement first then, and that one must know that the connection was not cleaned.
 */
export function noteFailure(carrier: Carrier, facts: StatementFacts): void {
  const { control, mayEnd } = facts
  noteForgotten(carrier, facts)
  // The text may have failed behind its COMMIT, whose transaction is over then.
  if (mayEnd) noteRolledBackInText(carrier)
  // In a transaction, only a failed COMMIT ends it; everything else is undone by the rollback that the caller has to send.
  else if (carrier.getTransactionStatus() === 'I' || control === 'end') carrier.bindingWriter.note('rolled back')
}

/** No rollback brings prepared statements back, so they may also be gone when the text failed behind a DEALLOCATE. */
function noteForgotten({ bindingWriter, preparedNames }: Carrier, { forgetsPrepared }: StatementFacts): void {
  if (!forgetsPrepared) return
  bindingWriter.forgetPrepared()
  preparedNames.doubtAll()
}

/** A new transaction may have begun in the text, with a savepoint that is older than the next cleaning. */
function noteRolledBackInText({ bindingWriter }: Carrier): void {
  bindingWriter.note('rolled back')
  bindingWriter.note('savepoint set')
}
