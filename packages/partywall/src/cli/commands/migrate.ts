/** `partywall migrate`: applies what is pending, to the shared schema and then to every tenant. */
import type { Command } from 'commander'
import type { MigrationEntry } from '../../migrations/run.ts'
import { nearest } from '../../nearest.ts'
import type { Cli } from '../cli.ts'
import { examples } from '../examples.ts'
import { describeFailure, UsageError } from '../failure.ts'
import { reportDocument, summary } from '../fleet-documents.ts'
import { selectionOf, withSelection, type SelectionFlags } from '../migration-selection.ts'
import { printable } from '../table.ts'
import { printStatus } from './migrate-status.ts'

interface Flags extends SelectionFlags {
  readonly to?: string
  readonly plan?: boolean
}

/** Gives the command, for `status` and `new` hang below it. */
export function migrate(parent: Command, cli: Cli): Command {
  return withSelection(parent.command('migrate'))
    .description('apply pending migrations: to the shared schema, then to every tenant')
    .option('--to <migration>', 'the last one to apply: its name or number; for one folder of migrations')
    .option('--plan', 'only show what is pending')
    .addHelpText(
      'after',
      examples(
        ['migrate', 'everything'],
        ['migrate --tenant acme --tenant bolt', 'these two'],
        ['migrate status', 'how everything stands'],
        ['migrate new "add titles"', 'a new file in the folder of the tenants'],
      ),
    )
    .allowExcessArguments()
    .action(async (flags: Flags, command: Command) => {
      refuseArguments(command)
      return flags.plan === true ? plan(cli, flags) : run(cli, flags)
    })
}

async function run(cli: Cli, flags: Flags): Promise<void> {
  const tenancy = await cli.tenancy()
  const onEntry = (entry: MigrationEntry): void => cli.out.say(progressLine(entry))
  const report = await tenancy.migrations.run({ ...selectionOf(flags), to: flags.to, onEntry })
  if (!report.ok) cli.fail()
  const isIdle = report.entries.every(({ applied }) => applied.length === 0)
  cli.out.result(
    reportDocument(report, ({ applied }) => ({ applied })),
    () => summary(report, isIdle ? 'up to date' : 'migrated'),
  )
}

async function plan(cli: Cli, flags: Flags): Promise<void> {
  if (flags.to !== undefined) throw new UsageError('--plan shows all that is pending; it does not go with --to')
  await printStatus(cli, flags)
}

function progressLine(entry: MigrationEntry): string {
  const name = printable(entry.target)
  if (entry.state === 'failed') return `${name}: ${describeFailure(entry.error)}`
  if (entry.state === 'skipped') return `${name}: skipped`
  if (entry.applied.length === 0) return `${name}: up to date`
  return `${name}: applied ${entry.applied.join(', ')} (${Math.round(entry.durationMs)} ms)`
}

function refuseArguments({ args: [unknown], commands }: Command): void {
  if (unknown === undefined) return
  const suggestion = nearest(
    unknown.slice(0, 60),
    commands.map((command) => command.name()),
  )
  throw new UsageError(
    `unknown command ${JSON.stringify(unknown.slice(0, 60))} of migrate` +
      (suggestion === undefined ? '; a tenant is named by --tenant' : ` (Did you mean ${suggestion}?)`),
  )
}
