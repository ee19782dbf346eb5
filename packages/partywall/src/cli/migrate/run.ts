/** `partywall migrate`: applies what is pending, to the shared schema and then to every tenant. */
import { Option, type Command } from 'commander'
import { nearest } from '../../nearest.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../terminal/examples.ts'
import { UsageError } from '../terminal/failure.ts'
import { runOptionsOf, withRunFlags, type RunFlags } from './flags.ts'
import { runMigrations } from './run-migrations.ts'
import { selectionOf, withSelection, type SelectionFlags } from './selection.ts'
import { printCheck } from './check.ts'
import { printPlan } from './plan.ts'

interface Flags extends SelectionFlags, RunFlags {
  readonly to?: string
  readonly plan?: boolean
  readonly check?: boolean
  readonly fake?: boolean
  readonly resume?: boolean
}

/** Gives the command, for `status`, `down` and `new` hang below it. */
export function migrate(parent: Command, cli: Cli): Command {
  return withRunFlags(withWhat(withSelection(parent.command('migrate'))))
    .description('apply pending migrations: to the shared schema, then to every tenant')
    .addHelpText(
      'after',
      examples(
        ['migrate', 'everything'],
        ['migrate --plan', 'who would get what, and the SQL'],
        ['migrate --canary 5 --max-failures 10', 'five tenants first; stop when ten have failed'],
        ['migrate --resume', 'what the last run has left'],
        ['migrate --tenant acme --tenant bolt', 'these two'],
        ['migrate --check', 'exit code 1 when something is pending'],
        ['migrate status', 'how everything stands'],
      ),
    )
    .allowExcessArguments()
    .action(async (flags: Flags, command: Command) => {
      refuseArguments(command)
      const what = { ...selectionOf(flags), to: flags.to }
      if (flags.plan === true) await printPlan(cli, { ...what, verify: flags.verify })
      else if (flags.check === true) await printCheck(cli, { ...what, verify: flags.verify })
      else await runMigrations(cli, { ...what, ...runOptionsOf(flags), fake: flags.fake, resume: flags.resume })
    })
}

function withWhat(command: Command): Command {
  return command
    .optionsGroup('What:')
    .option('--to <migration>', 'the last one to apply: its name or number; for one folder of migrations')
    .addOption(new Option('--plan', 'only show who would get what, with the SQL').conflicts(['check', 'fake', 'resume']))
    .addOption(new Option('--check', 'only say whether something is pending: exit code 1').conflicts(['fake', 'resume']))
    .addOption(new Option('--fake', 'write down what is pending as applied, and run nothing'))
    .addOption(
      new Option('--resume', 'finish the last run that failed or was interrupted').conflicts([
        'shared',
        'tenants',
        'tenant',
        'kind',
        'to',
        'fake',
      ]),
    )
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
