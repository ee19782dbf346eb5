/** A command that is not easily undone is given the name of the schema twice: the second time as an answer, or as --confirm. */
import type { Cli } from '../context/cli.ts'
import { UsageError } from '../terminal/failure.ts'

/** @throws UsageError MISSING_ANSWER where there are no prompts and no --confirm */
export async function confirmSchema(cli: Cli, schema: string, confirm: string | undefined, question: string): Promise<void> {
  const given =
    confirm ??
    (await cli.ask.required({
      missing: `--confirm ${schema}: nothing was done`,
      question: `${question} (${schema})`,
      problem: (answer) => (answer === schema ? undefined : `This is not ${schema}.`),
    }))
  if (given !== schema) throw new UsageError(`--confirm must be ${schema}, the schema itself; nothing was done`)
}
