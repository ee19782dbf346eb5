/** `partywall migrate`: applies pending migrations to the shared schema and then to every tenant. Its verbs are beside it, one file each. */
import { Option, type Command } from 'commander'
import { nearest } from '../../nearest.ts'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { UsageError } from '../terminal/failure.ts'
import { printCheck } from './check.ts'
import { migrateDown } from './down.ts'
import { runOptionsOf, selectionOf, withRunFlags, withSelection, type RunFlags, type SelectionFlags } from './flags.ts'
import { migrateNew } from './new.ts'
import { printPlan } from './plan.ts'
import { migrateRedo } from './redo.ts'
import { migrateReset } from './reset.ts'
import { runMigrations } from './run.ts'
import { migrateStatus } from './status.ts'
import { migrateTry } from './try.ts'

interface Flags extends SelectionFlags, RunFlags {
  readonly to?: string
  readonly plan?: boolean
  readonly check?: boolean
  readonly fake?: boolean
  readonly resume?: boolean
}

export function migrate(program: Command, cli: Cli): void {
  const noun = withRunFlags(withGoal(withSelection(program.command('migrate'))))
    .description('apply pending migrations: to the shared schema, then to every tenant')
    .addHelpText(
      'after',
      examples(
        ['migrate', 'everything'],
        ['migrate --plan', 'show what would be applied where, with the SQL'],
        ['migrate --canary 5 --max-failures 10', 'five tenants first; stop after ten failures'],
        ['migrate --resume', 'finish the last run'],
        ['migrate --tenant acme --tenant bolt', 'these two tenants'],
        ['migrate --check', 'exit code 1 when something is pending'],
        ['migrate status', 'which migrations the schemas have'],
        ['migrate try', 'whether an existing history works as tenants, in databases of its own'],
      ),
    )
    .allowExcessArguments()
    .action(async (flags: Flags, command: Command) => {
      refuseArguments(command)
      const what = { ...(await selectionOf(cli, flags)), to: flags.to }
      if (flags.plan === true) await printPlan(cli, { ...what, verify: flags.verify })
      else if (flags.check === true) await printCheck(cli, { ...what, verify: flags.verify })
      else await runMigrations(cli, { ...what, ...runOptionsOf(flags), fake: flags.fake, resume: flags.resume })
    })
  migrateStatus(noun, cli)
  migrateDown(noun, cli)
  migrateRedo(noun, cli)
  migrateReset(noun, cli)
  migrateNew(noun, cli)
  migrateTry(noun, cli)
}

function withGoal(command: Command): Command {
  return command
    .optionsGroup('What:')
    .option(
      '--to <migration>',
      'the last migration to apply: its name or number; for one folder of migrations (default: apply all)',
    )
    .addOption(new Option('--plan', 'only show what would be applied where, with the SQL').conflicts(['check', 'fake', 'resume']))
    .addOption(new Option('--check', 'only check: exit code 1 when something is pending').conflicts(['fake', 'resume']))
    .addOption(new Option('--fake', 'record pending migrations as applied, without running them'))
    .addOption(
      new Option('--resume', 'finish the last run that failed or was interrupted').conflicts([
        'shared',
        'tenants',
        'tenant',
        'kind',
        'status',
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
      (suggestion === undefined ? '; to name a tenant, use --tenant' : ` (Did you mean ${suggestion}?)`),
  )
}
