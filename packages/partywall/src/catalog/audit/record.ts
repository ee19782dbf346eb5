/**
 * Writes who did what. An entry is written in the transaction of what it is about, and where that is one statement, in the same statement: a
 * change without its entry and an entry without its change are both faults. What cannot be undone by a transaction is recorded before it is done.
 */
import { currentActor } from '../../scope/acting.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { ActionName } from './actions.ts'
import { insertEntrySql, withEntrySql, type EntryRow, type Subject } from './audit-sql.ts'
import { detailsText, type Details } from './details.ts'
import { origin } from './origin.ts'

export interface Action {
  readonly action: ActionName
  /** The tenant that it is about; absent when it is about none, or several. */
  readonly tenant?: { readonly id: string } | undefined
  /** What was changed: a schema, a domain, the id of a run. At most 1000 bytes. */
  readonly object?: string | undefined
  /** Names and numbers. No values of attributes, no rows, no SQL: each may hold a secret. */
  readonly details?: Details | undefined
}

/**
 * Appends an entry. Pass the transaction of the change, so that both are kept or none. Costs one statement.
 * @example await recordAction(transaction, { action: 'tenant.created', tenant, object: tenant.schema })
 */
export async function recordAction(transaction: Queryable, { tenant, object, ...action }: Action): Promise<void> {
  await transaction.query(insertEntrySql(entryRow(action), tenant?.id, object))
}

/**
 * The statement of a change, extended so that it also appends an entry for each row that it returns.
 * @param subject the returned columns that name the tenant and the object
 */
export function recorded(change: Statement, subject: Subject, action: Pick<Action, 'action' | 'details'>): Statement {
  return withEntrySql(change, subject, entryRow(action))
}

/** On whose behalf this process works, and from where: undefined is the role that the connection logged in as. */
export function currentRecorder(): { readonly actor: string | undefined; readonly origin: string } {
  return { actor: currentActor(), origin }
}

function entryRow({ action, details = {} }: Pick<Action, 'action' | 'details'>): EntryRow {
  return { actor: currentActor(), action, origin, details: detailsText(details) }
}
