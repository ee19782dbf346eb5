/** The flags of `migrate` and of the commands below it: which schemas they mean, and how a run goes. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { MigrationSelection } from '../../migrations/plan/targets.ts'
import type { RunOptions } from '../../migrations/run/run-options.ts'
import { globalFlags, type Cli } from '../context/cli.ts'
import { countFrom, kindFlag, repeated, statusFlag, type NarrowingFlags } from '../context/declarations.ts'
import { assertKindsInConfig } from '../context/kinds.ts'
import { parseDuration } from '../terminal/duration.ts'
import { UsageError } from '../terminal/failure.ts'

export interface SelectionFlags extends NarrowingFlags {
  readonly shared?: boolean
  readonly tenants?: boolean
  readonly tenant?: readonly string[]
}

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

/** @param byDefault what is meant when none of these flags is given */
export function withSelection(command: Command, byDefault = 'the shared schema, then all tenants'): Command {
  return command
    .optionsGroup(`Which schemas (default: ${byDefault}):`)
    .option('--shared', 'the shared schema')
    .option('--tenants', 'all tenants')
    .option('--tenant <tenant>', 'this tenant, by schema, id or domain; may be repeated', repeated)
    .addOption(kindFlag())
    .addOption(statusFlag('every status but archived; with --tenant, every status'))
}

/**
 * The schemas that the flags mean, as the library takes them.
 * @throws UsageError, TenancyError UNKNOWN_KIND
 */
export async function selectionOf(
  cli: Cli,
  { shared, tenants, tenant, kind, status }: SelectionFlags,
): Promise<MigrationSelection> {
  if (tenants === true && tenant !== undefined) throw new UsageError('give --tenants or --tenant <tenant>, not both')
  if (kind !== undefined) assertKindsInConfig(await cli.tenancy(), kind)
  return { shared, tenants: tenant ?? (tenants === true ? true : undefined), kinds: kind, status }
}

export function withRunFlags(command: Command): Command {
  return command
    .optionsGroup('How:')
    .option(
      '--concurrency <n>',
      'schemas at a time (default: twice the cores, more when the server is far away; at most 16 and half of the free connections)',
      countFrom(1),
    )
    .option(
      '--canary <n>',
      'migrate this many tenants first; if one of them fails, start no other tenant (default: 0)',
      countFrom(0),
    )
    .addOption(
      new Option('--on-failure <policy>', 'stop: start no further tenant after a failure (default: continue)').choices([
        'continue',
        'stop',
      ]),
    )
    .option('--max-failures <n>', 'start nothing new after this many failures (default: no limit)', countFrom(1))
    .option('--lock-timeout <time>', 'how long a statement waits for a lock; 0 waits indefinitely (default: 2s)', parseDuration)
    .option('--retries <n>', 'how often a tenant is tried again because of a lock (default: 10)', countFrom(0))
    .option('--statement-timeout <time>', 'longest time of one statement (default: the setting of the server)', parseDuration)
    .option('--deadline <time>', 'start nothing new after this time (default: no limit)', parseDeadline)
    .option('--verify', 'read the history tables themselves; refuse a schema whose digest does not match its history')
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

/**
 * Rolling back drops data, so tenants must be named; there is no default of all. The shared schema is rolled back by itself.
 * @throws UsageError
 */
export function assertNamedAlone({ shared, tenants, tenant, kind, status }: SelectionFlags): void {
  const hasTenants = [tenants, tenant, kind, status].some((flag) => flag !== undefined)
  if (shared === undefined && !hasTenants) {
    throw new UsageError(
      `missing --tenants, --tenant <tenant>, --kind <kind>, --status <status> or --shared: name the schemas to roll back`,
      'MISSING_ANSWER',
    )
  }
  if (shared !== undefined && hasTenants) {
    throw new UsageError(
      'tenants may depend on the shared schema: roll the tenants back first, then the shared schema with --shared alone',
    )
  }
}

/** `migrate --tenant acme status` would show all tenants: a flag between the two words belongs to `migrate` alone. */
export function refuseFlagsBefore(command: Command): void {
  const { parent } = command
  const flag = parent?.options.find(
    (option) =>
      parent.getOptionValueSource(option.attributeName()) === 'cli' &&
      !globalFlags.has(option.attributeName()) &&
      option.long !== undefined,
  )
  if (flag !== undefined) throw new UsageError(`put ${flag.long} after \`migrate ${command.name()}\`, or leave it out`)
}

function parseDeadline(text: string): number {
  const millis = parseDuration(text)
  if (millis > 0) return millis
  throw new InvalidArgumentError('It must be more than 0.')
}
