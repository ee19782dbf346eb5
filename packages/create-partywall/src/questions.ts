/** The questions on a terminal. Each ends with an answer, or with a Failure: Ctrl-C, Ctrl-D and the end of the input leave nothing behind. */
import type { ReadStream } from 'node:tty'
import { select, text } from '@clack/prompts'
import { keysOf } from './choices.ts'
import { Failure } from './failure.ts'

export function canAsk(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY
}

export async function askText(
  message: string,
  byDefault: string,
  problem: (answer: string) => string | undefined,
): Promise<string> {
  const validate = (value: string | undefined): string | undefined => problem(value || byDefault)
  return answered((signal) => text({ message, placeholder: byDefault, defaultValue: byDefault, validate, signal }))
}

/** The first is the default. */
export async function askOne<T extends string>(message: string, choices: Readonly<Record<T, string>>): Promise<T> {
  const options = keysOf(choices).map((value) => ({ value: value as string, label: choices[value] }))
  return (await answered((signal) => select({ message, options, signal }))) as T
}

/** When the input ends, readline closes without a word, and no one would answer the prompt. */
async function answered(ask: (signal: AbortSignal) => Promise<string | symbol>): Promise<string> {
  const end = new AbortController()
  const onEnd = (): void => end.abort()
  const input: ReadStream = process.stdin
  // A terminal in a container may report a width of 0, and every letter would get a line of its own.
  process.stdout.columns ||= 80
  process.stdout.rows ||= 24
  // At Ctrl-D on an empty line readline closes, and pauses its input.
  const onKey = (_: string | undefined, key: { readonly ctrl?: boolean; readonly name?: string } | undefined): void => {
    if (key?.ctrl === true && key.name === 'd') setImmediate(() => input.isPaused() && end.abort())
  }
  for (const event of ['end', 'close', 'error']) input.on(event, onEnd)
  input.on('keypress', onKey)
  process.on('beforeExit', onEnd)
  try {
    const answer = await ask(end.signal)
    if (typeof answer === 'string') return answer
    throw new Failure('Stopped. Nothing was written.', 130)
  } finally {
    for (const event of ['end', 'close', 'error']) input.off(event, onEnd)
    input.off('keypress', onKey)
    process.off('beforeExit', onEnd)
  }
}
