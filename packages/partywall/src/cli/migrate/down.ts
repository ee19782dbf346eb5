/** `partywall migrate down`: goes back, by what the files say behind `-- partywall: down`. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../terminal/examples.ts'
import { UsageError } from '../terminal/failure.ts'
import { runOptionsOf, withRunFlags, type RunFlags } from './flags.ts'
import { runMigrations } from './run-migrations.ts'
import { refuseFlagsBefore, selectionOf, withSelection, type SelectionFlags } from './selection.ts'
import { printPlan } from './plan.ts'

interface Flags extends SelectionFlags, RunFlags {
  readonly to?: string
  readonly plan?: boolean
}

export function migrateDown(parent: Command, cli: Cli): void {
  const command = withSelection(parent.command('down'))
    .optionsGroup('What:')
    .option('--to <migration>', 'the last one to keep: its name or number; 0 keeps none')
    .option('--plan', 'only show who would lose what, with the SQL')
  withRunFlags(command)
    .description('undo migrations, the last one first, where their files say how')
    .addHelpText(
      'after',
      examples(
        ['migrate down --tenants --to 0004 --plan', 'what would be undone, and the SQL'],
        ['migrate down --tenants --to 0004', 'undo 0005 and what follows it, in every tenant'],
        ['migrate down --tenant acme --to 0', 'undo everything in one tenant'],
      ),
    )
    .action(async (flags: Flags, self: Command) => {
      refuseFlagsBefore(self)
      assertSelection(flags)
      const to =
        flags.to ?? (await cli.ask.required({ missing: '--to <migration>', question: 'Last migration to keep (0: none)' }))
      const what = { ...selectionOf(flags), to, down: true }
      if (flags.plan === true) await printPlan(cli, { ...what, verify: flags.verify })
      else await runMigrations(cli, { ...what, ...runOptionsOf(flags) })
    })
}

/** Going back loses data: nobody's is lost because a word was left out. */
function assertSelection({ shared, tenants, tenant, kind }: SelectionFlags): void {
  const hasTenants = tenants !== undefined || tenant !== undefined || kind !== undefined
  if (shared === undefined && !hasTenants) {
    throw new UsageError(
      'missing --tenants, --tenant <tenant>, --kind <kind> or --shared: it says who goes back',
      'MISSING_ANSWER',
    )
  }
  if (shared !== undefined && hasTenants) {
    throw new UsageError('tenants may need what the shared schema has: go back with them first, then with --shared alone')
  }
}
