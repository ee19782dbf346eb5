/**
 * Tells the completions that answer a binding from those that answer the statement behind it. The server answers in the order of the
 * requests, so the first completions are the binding's own. If they were counted wrong, rows would be taken for those of another statement.
 * So they are checked: they have the expected tags, nothing comes before them, and all of them come.
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
