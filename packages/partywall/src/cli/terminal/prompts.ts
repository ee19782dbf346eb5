/** Prompts for what is missing on the command line. There are only prompts on a terminal and without --no-input. */
import type * as Clack from '@clack/prompts'
import { Interrupted, UsageError } from './failure.ts'

interface Question {
  /** What is missing, as the command line names it: `the argument <schema>`, `--name`. */
  readonly missing: string
  readonly question: string
  /** Why an answer is refused, or undefined. */
  readonly problem?: ((answer: string) => string | undefined) | undefined
}

export class Prompts {
  readonly #isAllowed: () => boolean

  constructor(isAllowed: () => boolean) {
    this.#isAllowed = isAllowed
  }

  get canAsk(): boolean {
    return this.#isAllowed() && process.stdin.isTTY === true && process.stderr.isTTY === true
  }

  /**
   * An answer without a default.
   * @throws UsageError MISSING_ANSWER where there are no prompts
   */
  async required({ missing, question, problem = () => undefined }: Question): Promise<string> {
    if (!this.canAsk) throw new UsageError(`missing ${missing}`, 'MISSING_ANSWER')
    return this.#text(question, undefined, (answer) => (answer === '' ? `An answer is required: ${missing}` : problem(answer)))
  }

  /** An answer with a default, which is used where there are no prompts. */
  async optional({ question, problem = () => undefined }: Omit<Question, 'missing'>, byDefault: string): Promise<string> {
    if (!this.canAsk) return byDefault
    return this.#text(question, byDefault, (answer) => (answer === '' ? undefined : problem(answer)))
  }

  /** One of several choices; the first is the default. */
  async choice(question: string, choices: readonly [string, ...string[]]): Promise<string> {
    if (!this.canAsk || choices.length === 1) return choices[0]
    const { select } = await loadPrompts()
    const options = choices.map((value) => ({ value }))
    return answered(await select({ message: question, options, output: process.stderr }))
  }

  async #text(question: string, byDefault: string | undefined, problem: (answer: string) => string | undefined): Promise<string> {
    const { text } = await loadPrompts()
    const answer = await text({
      message: question,
      ...(byDefault !== undefined && { defaultValue: byDefault, placeholder: byDefault || 'none' }),
      validate: (value) => problem((value ?? '').trim()),
      output: process.stderr,
    })
    return answered(answer).trim()
  }
}

/** Loaded when needed: most runs have no prompt. */
async function loadPrompts(): Promise<typeof Clack> {
  // A terminal in a container may report a width of 0, and every letter would get a line of its own.
  process.stderr.columns ||= 80
  process.stderr.rows ||= 24
  return import('@clack/prompts')
}

/** Ctrl-C at a prompt arrives as a symbol, because the terminal is in raw mode. */
function answered(answer: string | symbol): string {
  if (typeof answer === 'symbol') throw new Interrupted()
  return answer
}
