/**
 * The life of one query. Its caller gets exactly one answer, whatever comes first: the result, an error, the end of its time, the loss of
 * the connection. It may be sent a second time, once, when the server has undone the first.
 *
 * | state        | written    | sent again   | answered |
 * |--------------|------------|--------------|----------|
 * | queued       | sent       | –            | settled  |
 * | sent         | –          | queued again | settled  |
 * | queued again | sent again | –            | settled  |
 * | sent again   | –          | –            | settled  |
 * | settled      | –          | –            | settled  |
 *
 * "–" cannot be; the connection is closed then. A second answer is not passed on.
 */

export type QueryState = 'queued' | 'sent' | 'queued again' | 'sent again' | 'settled'
export type QueryEvent = 'written' | 'sent again' | 'answered'

export const transitions: Record<QueryState, Partial<Record<QueryEvent, QueryState>>> = {
  queued: { written: 'sent', answered: 'settled' },
  sent: { 'sent again': 'queued again', answered: 'settled' },
  'queued again': { written: 'sent again', answered: 'settled' },
  'sent again': { answered: 'settled' },
  settled: { answered: 'settled' },
}

export class QueryLife {
  #state: QueryState = 'queued'

  get isSettled(): boolean {
    return this.#state === 'settled'
  }

  /** Whether it may still be sent a second time. */
  get isFirst(): boolean {
    return this.#state === 'queued' || this.#state === 'sent'
  }

  /** Notes an event; false when it cannot be. */
  note(event: QueryEvent): boolean {
    const next = transitions[this.#state][event]
    if (next !== undefined) this.#state = next
    return next !== undefined
  }

  /** True for the first answer only. */
  settle(): boolean {
    const isFirst = !this.isSettled
    this.note('answered')
    return isFirst
  }
}
