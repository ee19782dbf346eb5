/**
 * The command line: one run of one command. In every case stdout gets the result and nothing else, what was opened is closed, and the
 * exit code is 0 when the work is done, 1 when it failed, 2 for wrong usage, and 128 + n when signal n ended it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { actingAs } from '../scope/acting.ts'
import { Cli } from './context/cli.ts'
import { operator } from './context/operator.ts'
import { compilerAtRest, quietCompiler } from './terminal/quiet-compiler.ts'
import { exitCodeOf, Interrupted, isCancelled } from './terminal/failure.ts'
import { buildProgram } from './program.ts'

/** Longest time from a signal to the end of the process. A server that has not answered by then may still run the statement. */
const endingMs = 5000
/** Longest time for closing the connections after that: the interrupted work may never release its client. */
const closingMs = 2000
/** How long a command may take to report, after its statements have ended. */
const reportingMs = 250

/** Runs the command that `args` name and ends the process. */
export async function main(args: readonly string[]): Promise<void> {
  const cli = new Cli(args)
  const working = work(cli, args)
  const failure = await Promise.race([working, interruption(cli)])
  quietCompiler()
  const problems = failure instanceof Interrupted ? [await interrupted(cli, working, failure)] : [failure, await closeWell(cli)]
  for (const problem of problems) {
    const code = exitCodeOf(problem)
    if (code !== 0) cli.out.failure(problem)
    cli.exitCode = problem instanceof Interrupted ? code : cli.exitCode || code
  }
  await cli.out.flush()
  await compilerAtRest()
  // A config may have opened something that it never closes.
  process.exit(cli.exitCode)
}

/** What the command threw, or undefined when it is done. */
async function work(cli: Cli, args: readonly string[]): Promise<unknown> {
  try {
    const program = await buildProgram(cli, args)
    await actingAs(operator(), () => program.parseAsync([...args], { from: 'user' }))
    return undefined
  } catch (error) {
    await cli.addAdvice(error)
    return error
  }
}

async function interruption(cli: Cli): Promise<Interrupted> {
  return new Interrupted(await cli.signals.received)
}

/** Stops the work and closes what was opened. Undefined when all of the work was done before the signal had an effect. */
async function interrupted(cli: Cli, working: Promise<unknown>, { signal }: Interrupted): Promise<Interrupted | undefined> {
  const pending = {}
  const late = wait(endingMs, pending)
  const isLate = (await Promise.race([cli.interrupt(), late])) === pending
  const end = await Promise.race([working, wait(reportingMs, pending)])
  await Promise.race([closeWell(cli), late, wait(closingMs)])
  if (end === undefined && cli.exitCode === 0) return undefined
  return new Interrupted(signal, isLate ? 'unanswered' : isCancelled(end) ? 'cancelled' : undefined)
}

async function closeWell(cli: Cli): Promise<unknown> {
  try {
    await cli.close()
    return undefined
  } catch (error) {
    return error
  }
}
