/**
 * Where output goes. stdout is for the result alone: with --json one document, otherwise text for people. Everything else goes to stderr,
 * also what a config or a migration prints with console.log. A reader that closes its end early (`| head`) is not an error.
 */
import { styleText } from 'node:util'
import { describeEnd, errorDocument } from './failure.ts'
import { StickyLine } from './sticky-line.ts'

export class Output {
  readonly isJson: boolean
  /** The last line of the terminal, for progress; undefined where nothing can be redrawn. */
  readonly stickyLine: StickyLine | undefined
  readonly #isVerbose: boolean
  readonly #writeResult: typeof process.stdout.write
  #hasResult = false

  constructor(options: { isJson: boolean; isVerbose: boolean }) {
    this.isJson = options.isJson
    this.#isVerbose = options.isVerbose
    this.#writeResult = process.stdout.write.bind(process.stdout)
    const { stderr } = process
    this.stickyLine = stderr.isTTY === true && process.env['TERM'] !== 'dumb' ? new StickyLine(stderr) : undefined
    process.stdout.write = stderr.write.bind(stderr) as typeof process.stdout.write
    for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  }

  /** The one result of a command. `text` is called only when a person reads. */
  result(document: unknown, text: () => string): void {
    this.#hasResult = true
    this.#writeLines(this.isJson ? JSON.stringify(document, undefined, 2) : text())
  }

  /** For a command that has no result of its own: what is written to stdout after this goes there. */
  leaveStdout(): void {
    process.stdout.write = this.#writeResult
  }

  /** A part of a result of many lines, each for a program. Resolves when it was written, so that a slow reader slows the work down. */
  async lines(lines: readonly string[]): Promise<void> {
    this.#hasResult = true
    if (lines.length > 0) await new Promise((resolve) => void this.#writeResult(`${lines.join('\n')}\n`, resolve))
  }

  /** Help that the caller asked for. */
  help(text: string): void {
    this.#writeResult(text)
  }

  /** A line for people, such as progress or advice. */
  say(line: string): void {
    process.stderr.write(`${line}\n`)
  }

  /** Why there is no result, or what failed after it. */
  failure(error: unknown): void {
    const [first = '', ...rest] = describeEnd(error, this.#isVerbose).split('\n')
    this.say([styleText('red', first, { stream: process.stderr }), ...rest].join('\n'))
    if (this.isJson && !this.#hasResult) this.result(errorDocument(error), () => '')
  }

  /** Resolves when all output has left the process. */
  async flush(): Promise<void> {
    await new Promise((resolve) => void this.#writeResult('', resolve))
    await new Promise((resolve) => void process.stderr.write('', resolve))
  }

  #writeLines(text: string): void {
    if (text !== '') this.#writeResult(`${text}\n`)
  }
}

/** EIO is the error of a terminal that was closed. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
}
