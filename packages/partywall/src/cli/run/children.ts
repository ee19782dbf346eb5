/** The programs that a command starts: with more variables, with their output marked by tenant, and ended with the command. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { ProgramFailed, type ProgramEnd } from '../terminal/failure.ts'

export class NotFound extends Error {
  constructor(program: string, cause: NodeJS.ErrnoException) {
    const why =
      cause.code === 'ENOENT' ? 'it is no file, and no program of this name is in PATH' : `the system says ${cause.code}`
    super(`the program ${JSON.stringify(program)} cannot be started: ${why}`, { cause })
  }
}

export type OutputForm = 'as it is' | 'by line' | 'to stderr'

/** From the signal to the end of a program that does not end by itself. Below the time that the whole command has. */
const endingMs = 3000

export class Children {
  readonly #output: OutputForm
  readonly #running = new Set<ChildProcess>()

  constructor(output: OutputForm) {
    this.#output = output
  }

  /**
   * Runs one program to its end.
   * @param label what its lines begin with, where several run at a time
   * @throws ProgramFailed, NotFound
   */
  async run(
    [program, ...args]: readonly string[],
    variables: Readonly<Record<string, string>>,
    label: string,
  ): Promise<ProgramEnd> {
    const child = spawn(program!, args, { env: { ...process.env, ...variables }, stdio: this.#stdio() })
    this.#running.add(child)
    try {
      if (this.#output === 'by line') {
        await Promise.all([
          lines(child.stdout!, process.stdout, label),
          lines(child.stderr!, process.stderr, label),
          once(child, 'close'),
        ])
      } else await once(child, 'close')
    } catch (error) {
      throw new NotFound(program!, error as NodeJS.ErrnoException)
    } finally {
      this.#running.delete(child)
    }
    const { exitCode, signalCode } = child
    const end = { exitCode, ...(signalCode !== null && { signal: signalCode }) }
    if (exitCode === 0) return end
    throw new ProgramFailed(end)
  }

  /** Asks the programs to end, and ends those that do not. */
  async end(): Promise<void> {
    const running = [...this.#running]
    const ends = running.map((child) => once(child, 'close').catch(() => {}))
    for (const child of running) child.kill('SIGTERM')
    await Promise.race([Promise.all(ends), wait(endingMs, undefined, { ref: false })])
    for (const child of this.#running) child.kill('SIGKILL')
  }

  #stdio(): StdioOptions {
    if (this.#output === 'by line') return ['ignore', 'pipe', 'pipe']
    return ['inherit', this.#output === 'to stderr' ? 2 : 'inherit', 'inherit']
  }
}

async function lines(from: Readable, to: NodeJS.WriteStream, label: string): Promise<void> {
  for await (const line of createInterface({ input: from })) to.write(`${label} | ${line}\n`)
}
