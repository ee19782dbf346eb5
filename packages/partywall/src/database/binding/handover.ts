/**
 * The handover of a connection from one binding to the next. A function of the last tenant may have left temporary tables in the session,
 * which the next tenant would see behind its own. So in front of the first statement after a change, the temporary schema is emptied, or
 * the statement is refused if there is one: this is the cleaning. It belongs to the transaction that it is sent in: as long as that is not
 * committed, a rollback brings back what was removed, and so does a rollback to a savepoint that is older than the cleaning.
 *
 * | state           | lent to another | cleaning sent   | savepoint set   | rolled back to savepoint | rolled back | committed |
 * |-----------------|-----------------|-----------------|-----------------|--------------------------|-------------|-----------|
 * | due             | due             | sent            | due, savepoint  | due                      | due         | due       |
 * | due, savepoint  | due, savepoint  | sent, savepoint | due, savepoint  | due, savepoint           | due         | due       |
 * | sent            | due             | sent            | sent            | sent                     | due         | done      |
 * | sent, savepoint | due, savepoint  | sent, savepoint | sent, savepoint | due, savepoint           | due         | done      |
 * | done            | due             | sent            | done            | done                     | done        | done      |
 *
 * Behind a pooler the next transaction may reach another server session, so there a commit counts as "rolled back".
 */

const columns = {
  'lent to another': 0,
  'cleaning sent': 1,
  'savepoint set': 2,
  'rolled back to savepoint': 3,
  'rolled back': 4,
  committed: 5,
} as const

export type HandoverEvent = keyof typeof columns
type State = 'due' | 'due, savepoint' | 'sent' | 'sent, savepoint' | 'done'

/** For each state, the next one after each event, in the order of `columns`. */
export const transitions: Record<State, readonly State[]> = {
  due: ['due', 'sent', 'due, savepoint', 'due', 'due', 'due'],
  'due, savepoint': ['due, savepoint', 'sent, savepoint', 'due, savepoint', 'due, savepoint', 'due', 'due'],
  sent: ['due', 'sent', 'sent', 'sent', 'due', 'done'],
  'sent, savepoint': ['due, savepoint', 'sent, savepoint', 'sent, savepoint', 'due, savepoint', 'due', 'done'],
  done: ['due', 'sent', 'done', 'done', 'done', 'done'],
}

export class Handover {
  #state: State = 'due'
  /** The binding that the connection is lent to, and the one that it was last cleaned for, by their keys. */
  #lentTo: string | undefined
  #cleanedFor: string | undefined

  get isDue(): boolean {
    return this.#state === 'due' || this.#state === 'due, savepoint'
  }

  lendTo(key: string): void {
    if (this.#lentTo !== key) this.note('lent to another')
    this.#lentTo = key
  }

  note(event: HandoverEvent): void {
    this.#state = transitions[this.#state][columns[event]]!
    if (event === 'cleaning sent') this.#cleanedFor = this.#lentTo
  }

  /** What cannot be if every event was noted, in words; the next statement must not be sent then. */
  contradiction(inTransaction: boolean): string | undefined {
    if (this.isDue) return undefined
    if (this.#cleanedFor !== this.#lentTo) return 'the connection came from another tenant and was not cleaned'
    if (this.#state !== 'done' && !inTransaction) return 'the end of the transaction that cleaned the connection was not noted'
    return undefined
  }
}
