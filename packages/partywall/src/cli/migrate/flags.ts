/** The flags that say how a run of migrations goes: how many at a time, who first, how long it waits, and when it stops. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { RunOptions } from '../../migrations/run/run-options.ts'
import { parseDuration } from '../terminal/duration.ts'

export interface RunFlags {
  readonly verify?: boolean
  readonly concurrency?: number
  readonly canary?: number
  readonly onFailure?: 'continue' | 'stop'
  readonly maxFailures?: number
  readonly lockTimeout?: number
  readonly retries?: number
  readonly statementTimeout?: number
  readonly deadline?: number
}

export function withRunFlags(command: Command): Command {
  return command
    .optionsGroup('How:')
    .option(
      '--concurrency <n>',
      'how many schemas at a time (default: twice the cores, more when the server is far; at most 16 and half of the free connections)',
      countFrom(1),
    )
    .option('--canary <n>', 'so many tenants go first; if one of them fails, nobody follows', countFrom(0))
    .addOption(
      new Option('--on-failure <policy>', 'whether the tenants behind a failure are begun (default: continue)').choices([
        'continue',
        'stop',
      ]),
    )
    .option('--max-failures <n>', 'begin nothing new after so many failures', countFrom(1))
    .option('--lock-timeout <time>', 'how long a statement waits for a lock; 0 waits for ever (default: 2s)', parseDuration)
    .option('--retries <n>', 'how often a tenant is tried again because of a lock (default: 10)', countFrom(0))
    .option('--statement-timeout <time>', 'most time of one statement (default: what the server has)', parseDuration)
    .option('--deadline <time>', 'begin nothing new after this time', parseDeadline)
    .option('--verify', 'read the histories themselves, and refuse a schema whose digest says something else')
}

/** The flags as the library takes them. */
export function runOptionsOf(flags: RunFlags): RunOptions {
  const { verify, concurrency, canary, onFailure, maxFailures, retries } = flags
  return {
    verify,
    concurrency,
    canary,
    onFailure,
    maxFailures,
    retries,
    lockTimeoutMs: flags.lockTimeout,
    statementTimeoutMs: flags.statementTimeout,
    deadlineMs: flags.deadline,
  }
}

function countFrom(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN
    if (Number.isSafeInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`)
  }
}

function parseDeadline(text: string): number {
  const millis = parseDuration(text)
  if (millis > 0) return millis
  throw new InvalidArgumentError('It must be more than 0.')
}
