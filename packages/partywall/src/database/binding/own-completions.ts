/**
 * Tells the completions that answer a binding from those that answer the statement behind it. The server answers in the order of the
 * requests, so the first completions are the binding's own. If they were counted wrong, rows would be taken for those of another statement.
 * So they are checked: they have the expected tags, nothing comes before them, and all of them come.
 *
 * | state     | row description | completion, expected tag | completion, another tag | row or empty answer | ready     |
 * |-----------|-----------------|--------------------------|-------------------------|---------------------|-----------|
 * | n pending | kept            | n - 1 pending            | closed                  | closed              | closed    |
 * | 0 pending | passed on       | passed on                | passed on               | passed on           | passed on |
 *
 * `expect` makes as many pending as the binding has tags. "Kept" is kept from the caller; "closed" closes the connection, and the statement
 * fails with one of the sentences below. An error of the server is passed on in each state: it ends the batch.
 */
import type { BindingTags } from './binding-writer.ts'

const none: BindingTags = []

export class OwnCompletions {
  #tags = none
  #taken = 0

  /** A binding was written, and its answer begins with these tags. */
  expect(tags: BindingTags): void {
    this.#tags = tags
    this.#taken = 0
  }

  /** Whether what comes next still answers the binding. */
  get arePending(): boolean {
    return this.#taken < this.#tags.length
  }

  /** Counts a completion of the binding; false when its tag shows that it is none. */
  take(tag: string | undefined): boolean {
    const isOwn = this.#tags[this.#taken] === tag
    this.#taken += 1
    return isOwn
  }
}

/** What no server does. Each ends a message: "The connection … cannot be trusted: …". */
export const tooEarly = 'the statement was answered before its binding'
export const notTheBinding = 'something else than the binding was answered first'
export const noAnswer = 'the binding was not answered'
