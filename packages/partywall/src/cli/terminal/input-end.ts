/**
 * The end of the input while a prompt waits: Ctrl-D, or a terminal that is gone. Node's readline then closes without a word, so the prompt
 * would never be answered, and Node would end the process with a warning about an await.
 */
import type { Key } from 'node:readline'
import type { ReadStream } from 'node:tty'

export class InputEnd {
  readonly #end = new AbortController()
  readonly #input: ReadStream
  readonly #onEnd = (): void => this.#end.abort()

  constructor(input: ReadStream) {
    this.#input = input
    for (const event of ['end', 'close', 'error']) input.on(event, this.#onEnd)
    input.on('keypress', this.#onKey)
    // Nothing is left that could give an answer.
    process.on('beforeExit', this.#onEnd)
  }

  /** Aborted when the input has ended. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** The prompt was answered. */
  forget(): void {
    for (const event of ['end', 'close', 'error']) this.#input.off(event, this.#onEnd)
    this.#input.off('keypress', this.#onKey)
    process.off('beforeExit', this.#onEnd)
  }

  /** On an empty line, readline closes at Ctrl-D and pauses its input; within text, Ctrl-D deletes a letter. */
  readonly #onKey = (_: string | undefined, key: Key | undefined): void => {
    if (key?.ctrl !== true || key.name !== 'd') return
    setImmediate(() => {
      if (this.#input.isPaused()) this.#end.abort()
    })
  }
}
