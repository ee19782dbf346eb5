/**
 * The command line: one run of one command. Whatever happens, stdout gets the result and nothing else, what was opened is closed,
 * and the exit code says how it went: 0 done, 1 the work failed, 2 wrong usage, 128 + n ended by a signal.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { Cli } from './context/cli.ts'
import { exitCodeOf, Interrupted } from './terminal/failure.ts'
import { buildProgram } from './program.ts'

/** Longest time for a clean end after a signal; a statement that runs on is left to the server. */
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
  // A config may have opened what it never closes.
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
