/**
 * The Sync that the server still waits for after an error. Mostly node-postgres sends it in one batch with the statement. With `rows` it
 * sends it behind the last page, which never comes after an error; and COPY FROM STDIN makes the server ignore the Sync of the batch.
 * node-postgres itself sends none in these two cases and waits indefinitely. A Sync too many is as bad: its answer would be taken for one
 * to the next statement.
 */
import { isServerError, type ConnectionLike } from './pg-internals.ts'

export class OwedSync {
  #isOwed = false
  #isWriting = false

  /**
   * Writes a statement.
   * @param isPaged whether node-postgres sends the Sync behind the last page of rows
   */
  write<T>(isPaged: boolean, write: () => T): T {
    this.#isOwed = isPaged
    this.#isWriting = true
    try {
      return write()
    } finally {
      this.#isWriting = false
    }
  }

  get isWriting(): boolean {
    return this.#isWriting
  }

  /** The server reads COPY data now. */
  ignored(): void {
    this.#isOwed = true
  }

  sent(): void {
    this.#isOwed = false
  }

  /** After an error the server skips all that comes before a Sync. */
  failed(error: Error, connection: ConnectionLike): void {
    // A value could not be converted, and `endUnwritten` has ended the batch.
    if (this.#isWriting) this.#isOwed = false
    if (!this.#isOwed || !isServerError(error)) return
    this.#isOwed = false
    connection.sync()
  }
}
