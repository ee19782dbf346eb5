/**
 * A last line on a terminal that is redrawn in its place, while other lines are written above it. Every other write to the stream (also
 * Node's warnings, and what a migration prints) erases the line first, so that the two never share a line.
 */

/** The parts of a terminal's stream that are used. */
export interface TerminalStream {
  readonly columns?: number
  write(chunk: string | Uint8Array, ...rest: unknown[]): boolean
}

const eraseLine = '\r\u001b[2K'

export class StickyLine {
  readonly #stream: TerminalStream
  readonly #write: TerminalStream['write']
  #isShown = false
  /** The last write of another writer did not end its line, which must not be erased. */
  #isOpen = false

  constructor(stream: TerminalStream) {
    this.#stream = stream
    const write = stream.write
    this.#write = (...args) => write.apply(stream, args)
    stream.write = (chunk, ...rest) => {
      this.hide()
      this.#isOpen = !endsLine(chunk)
      return this.#write(chunk, ...rest)
    }
  }

  /** Draws the line that `text` returns for the width of the terminal. It is cut to that width: a line that wraps could not be erased. */
  show(text: (width: number) => string): void {
    // The last column stays free: some terminals wrap when it is written.
    const width = (this.#stream.columns || 80) - 1
    this.#write(`${this.#isOpen ? '\n' : eraseLine}${text(width).slice(0, width)}`)
    this.#isShown = true
    this.#isOpen = false
  }

  hide(): void {
    if (this.#isShown) this.#write(eraseLine)
    this.#isShown = false
  }
}

function endsLine(chunk: string | Uint8Array): boolean {
  return typeof chunk === 'string' ? /(?:^|\n)$/.test(chunk) : chunk.length === 0 || chunk.at(-1) === 10
}
