/** The error of a job as text of a bounded length, without a login in an address and without its stack. */
import { withoutLogins } from '../log/details.ts'

const longest = 2000

/** @param output what a queue has kept of the failure: a text, or an error as JSON */
export function errorSentence(output: unknown): string | undefined {
  const message =
    typeof output === 'object' && output !== null ? ((output as { message?: unknown }).message ?? JSON.stringify(output)) : output
  if (message === undefined || message === null || message === '') return undefined
  const text = withoutLogins(String(message))
  return text.length > longest ? `${text.slice(0, longest).toWellFormed()} …` : text
}
