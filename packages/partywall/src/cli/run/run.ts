/**
 * `partywall run`: any program, once for each tenant, with PARTYWALL_TENANT. What the program queries outside every scope goes to that tenant, so that it
 * needs no code of its own for tenants.
 */
import type { Command } from 'commander'
import { startVariable } from '../../start-variable.ts'
import type { ForEachEntry } from '../../fleet/for-each.ts'
import type { Tenancy } from '../../tenancy.ts'
import type { FleetReport, Tenant } from '../../types.ts'
import type { Cli } from '../context/cli.ts'
import { countFrom, examples, kindFlag, repeated, statusFlag, type NarrowingFlags } from '../context/declarations.ts'
import { describeFailure, ProgramFailed, UsageError, type ProgramEnd } from '../terminal/failure.ts'
import { reportDocument, summary } from '../terminal/fleet-documents.ts'
import { printable } from '../terminal/printable.ts'
import { Children, NotFound } from './children.ts'

interface Flags extends NarrowingFlags {
  readonly tenant?: readonly string[]
  readonly all?: boolean
  readonly concurrency: number
  readonly onFailure: 'stop' | 'continue'
  readonly resume?: string
}

export function run(parent: Command, cli: Cli): void {
  parent
    .command('run')
    .description('run any program once for each tenant, with PARTYWALL_TENANT set')
    .usage('[options] -- <program> [arguments…]')
    .argument('[words...]', 'the program and its arguments, after --')
    .optionsGroup('Where (one is required):')
    .option('--tenant <tenant>', 'for this tenant, by schema, id or domain, whatever its status; may be repeated', repeated)
    .option('--all', 'for every active tenant, or those that --kind and --status select')
    .optionsGroup('With --all:')
    .addOption(kindFlag())
    .addOption(statusFlag('active'))
    .optionsGroup('How:')
    .option('--concurrency <n>', 'how many programs at a time (default: 1)', countFrom(1), 1)
    .option(
      '--on-failure <stop|continue>',
      'whether further tenants follow after a program that failed (default: continue)',
      onFailure,
      'continue',
    )
    .option(
      '--resume <key>',
      'with --all: records under this key which tenants are done, and does only the others (default: none)',
    )
    .addHelpText(
      'after',
      examples(
        ['run --tenant acme -- node seed.js', 'for one tenant'],
        ['run --all --concurrency 4 -- node report.js november', 'for every active tenant, four at a time'],
      ),
    )
    .action(async (words: readonly string[], flags: Flags) => {
      const command = programOf(cli, words)
      assertOnePlace(flags)
      const tenancy = await cli.tenancy()
      const report = await runFor(cli, tenancy, command, flags)
      for (const { target, state, error } of report.entries) {
        if (state === 'failed') cli.out.say(`${printable(target)}: ${describeFailure(error)}`)
      }
      if (!report.ok) cli.fail()
      cli.out.result(reportDocument(report, exitOf), () => '')
      if (!cli.out.isJson) cli.out.say(summary(report, 'done'))
    })
}

type Report = FleetReport<ForEachEntry<ProgramEnd>>

async function runFor(cli: Cli, tenancy: Tenancy, command: readonly string[], flags: Flags): Promise<Report> {
  // With one program at a time its output is its own; with several, each line says whose it is. A document on stdout stays alone there.
  const output = cli.out.isJson ? 'to stderr' : flags.concurrency > 1 ? 'by line' : 'as it is'
  if (output === 'by line') cli.out.leaveStdout()
  const children = new Children(output)
  cli.whenInterrupted(() => children.end())
  const selection = flags.all === true ? { kinds: flags.kind, status: flags.status } : { tenants: flags.tenant! }
  let missing: NotFound | undefined
  const work = async (tenant: Tenant): Promise<ProgramEnd> => {
    if (cli.signals.hasAny || missing !== undefined) throw notStarted
    if (output === 'as it is' && flags.all === true) cli.out.say(`${printable(tenant.schema)}:`)
    try {
      return await children.run(command, { [startVariable]: tenant.schema }, tenant.schema)
    } catch (error) {
      if (error instanceof NotFound) missing = error
      throw error
    }
  }
  const { concurrency, onFailure: after, resume } = flags
  const started = await tenancy.forEach(work, { ...selection, concurrency, onFailure: after, resume })
  // No tenant is at fault, and none had its turn.
  if (missing !== undefined) throw new UsageError(missing.message)
  return { ...started, entries: started.entries.map(withSkipped) }
}

/** Thrown in a tenant whose turn comes after a signal. */
const notStarted = new Error('not started')

function withSkipped({ error, ...entry }: ForEachEntry<ProgramEnd>): ForEachEntry<ProgramEnd> {
  return error === notStarted ? { ...entry, state: 'skipped' } : error === undefined ? entry : { ...entry, error }
}

function exitOf({ value, error, isEarlier }: ForEachEntry<ProgramEnd>): object {
  if (isEarlier === true) return { earlier: true }
  return value ?? (error instanceof ProgramFailed ? error.end : {})
}

/** The words behind `--`. What stands before it would be a flag of ours or a program of theirs, and it is not known which. */
function programOf(cli: Cli, words: readonly string[]): readonly string[] {
  const { passedOn } = cli
  if (passedOn.length === 0) {
    throw new UsageError(
      'missing the program: write it after --, as in `partywall run --all -- node report.js`',
      'MISSING_ANSWER',
    )
  }
  if (words.length > passedOn.length)
    throw new UsageError(`${JSON.stringify(words[0])} stands before --; the program stands after it`)
  return passedOn
}

function assertOnePlace({ tenant = [], all = false, kind, status, resume }: Flags): void {
  if (tenant.length === 0 && !all)
    throw new UsageError('missing --tenant <tenant> or --all: say for which tenants', 'MISSING_ANSWER')
  if (tenant.length > 0 && all) throw new UsageError('give only one of --tenant <tenant> and --all')
  if (!all && (kind !== undefined || status !== undefined)) throw new UsageError('--kind and --status require --all')
  if (!all && resume !== undefined) throw new UsageError('--resume requires --all')
}

function onFailure(value: string): Flags['onFailure'] {
  if (value === 'stop' || value === 'continue') return value
  throw new UsageError(`--on-failure must be stop or continue, not ${JSON.stringify(value)}`)
}
