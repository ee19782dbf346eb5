/**
 * The command line: one run of one command. In every case stdout gets the result and nothing else, what was opened is closed, and the
 * exit code is 0 when the work is done, 1 when it failed, 2 for wrong usage, and 128 + n when signal n ended it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { Cli } from './context/cli.ts'
import { exitCodeOf, Interrupted } from './terminal/failure.ts'
import { buildProgram } from './program.ts'

/** Longest time for closing connections after a signal. A statement that still runs is left to the server. */
const endingMs = 3000

/** Runs the command that `args` name and ends the process. */
export async function main(args: readonly string[]): Promise<void> {
  const cli = new Cli(args)
  const failure = await Promise.race([work(cli, args), interruption(cli)])
  const problems = failure instanceof Interrupted ? [failure] : [failure, await closeWell(cli)]
  if (failure instanceof Interrupted) await Promise.race([closeWell(cli), wait(endingMs)])
  for (const problem of problems) {
    const code = exitCodeOf(problem)
    if (code !== 0) cli.out.failure(problem)
    cli.exitCode ||= code
  }
  await cli.out.flush()
  // A config may have opened something that it never closes.
  process.exit(cli.exitCode)
}

/** What the command threw, or undefined when it is done. */
async function work(cli: Cli, args: readonly string[]): Promise<unknown> {
  try {
    await buildProgram(cli).parseAsync([...args], { from: 'user' })
    return undefined
  } catch (error) {
    return error
  }
}

async function interruption(cli: Cli): Promise<Interrupted> {
  return new Interrupted(await cli.signals.received)
}

async function closeWell(cli: Cli): Promise<unknown> {
  try {
    await cli.close()
    return undefined
  } catch (error) {
    return error
  }
}
