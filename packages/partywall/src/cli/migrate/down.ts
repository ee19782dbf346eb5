/** `partywall migrate down`: rolls migrations back, with the SQL that their files have after `-- partywall: down`. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import {
  assertNamedAlone,
  refuseFlagsBefore,
  runOptionsOf,
  selectionOf,
  withRunFlags,
  withSelection,
  type RunFlags,
  type SelectionFlags,
} from './flags.ts'
import { printPlan } from './plan.ts'
import { runMigrations } from './run.ts'

interface Flags extends SelectionFlags, RunFlags {
  readonly to?: string
  readonly edited?: boolean
  readonly plan?: boolean
}

export function migrateDown(parent: Command, cli: Cli): void {
  const command = withSelection(parent.command('down').allowExcessArguments(false), 'none; they must be named')
    .optionsGroup('What:')
    .option('--to <migration>', 'the last migration to keep: its name or number; 0 keeps none (required)')
    .option('--edited', 'also files that have changed since they were applied, with the down migration that they have now')
    .option('--plan', 'only show what would be rolled back where, with the SQL')
  withRunFlags(command)
    .description('roll back migrations, the last one first, where their files say how')
    .addHelpText(
      'after',
      examples(
        ['migrate down --tenants --to 0004 --plan', 'show what would be rolled back, with the SQL'],
        ['migrate down --tenants --to 0004', 'roll back 0005 and later, in every tenant'],
        ['migrate down --tenant acme --to 0', 'roll back everything in one tenant'],
      ),
    )
    .action(async (flags: Flags, self: Command) => {
      refuseFlagsBefore(self)
      assertNamedAlone(flags)
      const to =
        flags.to ?? (await cli.ask.required({ missing: '--to <migration>', question: 'Last migration to keep (0 keeps none)' }))
      const what = { ...(await selectionOf(cli, flags)), to, down: true, edited: flags.edited }
      if (flags.plan === true) await printPlan(cli, { ...what, verify: flags.verify })
      else await runMigrations(cli, { ...what, ...runOptionsOf(flags) })
    })
}
