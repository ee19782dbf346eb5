/** Prompts for what is missing on the command line. There are only prompts on a terminal and without --no-input. */
import type * as Clack from '@clack/prompts'
import { Interrupted, UsageError } from './failure.ts'
import { InputEnd } from './input-end.ts'

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
   * @throws UsageError MISSING_ANSWER where there are no prompts, and when the input ends (Ctrl-D)
   */
  async required({ missing, question, problem = () => undefined }: Question): Promise<string> {
    if (!this.canAsk) throw new UsageError(`missing ${missing}`, 'MISSING_ANSWER')
    const validate = (answer: string): string | undefined =>
      answer === '' ? `An answer is required: ${missing}` : problem(answer)
    return this.#text({ missing, question, byDefault: undefined, validate })
  }

  /** An answer with a default, which is used where there are no prompts. */
  async optional({ missing, question, problem = () => undefined }: Question, byDefault: string): Promise<string> {
    if (!this.canAsk) return byDefault
    const validate = (answer: string): string | undefined => (answer === '' ? undefined : problem(answer))
    return this.#text({ missing, question, byDefault, validate })
  }

  /** A secret, whose letters are not shown. An empty answer is none, and there is none without prompts. */
  async secret({ missing, question, problem = () => undefined }: Question): Promise<string | undefined> {
    if (!this.canAsk) return undefined
    const validate = (answer = ''): string | undefined => (answer === '' ? undefined : problem(answer))
    // An empty answer is undefined.
    const answer = (await ask(missing, ({ password }, common) => password({ ...common, message: question, validate }))) as
      | string
      | undefined
    return answer === '' ? undefined : answer
  }

  /** One of several choices; the first is the default, and an empty one stands for none. */
  async choice({ missing, question }: Question, choices: readonly [string, ...string[]]): Promise<string> {
    if (!this.canAsk || choices.length === 1) return choices[0]
    const options = choices.map((value) => (value === '' ? { value, label: 'none' } : { value }))
    return ask(missing, ({ select }, common) => select({ ...common, message: question, options }))
  }

  async #text({ missing, question, byDefault, validate }: TextQuestion): Promise<string> {
    const answer = await ask(missing, ({ text }, common) =>
      text({
        ...common,
        message: question,
        ...(byDefault !== undefined && { defaultValue: byDefault, placeholder: byDefault || 'none' }),
        validate: (value) => validate((value ?? '').trim()),
      }),
    )
    return answer.trim()
  }
}

interface TextQuestion {
  readonly missing: string
  readonly question: string
  readonly byDefault: string | undefined
  readonly validate: (answer: string) => string | undefined
}

type Common = Pick<Clack.TextOptions, 'output' | 'signal'>

/** A symbol instead of an answer means Ctrl-C, which is no signal here because the terminal is in raw mode; or that the input ended. */
async function ask(missing: string, prompt: (clack: typeof Clack, common: Common) => Promise<string | symbol>): Promise<string> {
  const clack = await loadPrompts()
  const end = new InputEnd(process.stdin)
  try {
    const answer = await prompt(clack, { output: process.stderr, signal: end.signal })
    if (typeof answer === 'string') return answer
    throw end.signal.aborted
      ? new UsageError(`missing ${missing}: the input ended at its prompt`, 'MISSING_ANSWER')
      : new Interrupted()
  } finally {
    end.forget()
  }
}

/** Loaded when needed: most runs have no prompt. */
async function loadPrompts(): Promise<typeof Clack> {
  // A terminal in a container may report a width of 0, and every letter would get a line of its own.
  process.stderr.columns ||= 80
  process.stderr.rows ||= 24
  return import('@clack/prompts')
}
