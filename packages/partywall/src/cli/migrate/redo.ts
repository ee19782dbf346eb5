/** `partywall migrate redo`: rolls back the migration that was applied last, and applies it again, while it is written. */
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
import { redoRun } from './other-run.ts'
import { runOther } from './run.ts'

export function migrateRedo(parent: Command, cli: Cli): void {
  const command = withSelection(parent.command('redo').allowExcessArguments(false), 'none; they must be named')
  withRunFlags(command)
    .description('roll back the migration that was applied last, and apply it again; its file may have changed')
    .addHelpText(
      'after',
      examples(
        ['migrate redo --tenant acme', 'after an edit of the last file'],
        ['migrate redo --tenants', 'the same in every tenant'],
        ['migrate redo --shared', 'the last file of the shared schema'],
      ),
    )
    .action(async (flags: SelectionFlags & RunFlags, self: Command) => {
      refuseFlagsBefore(self)
      assertNamedAlone(flags)
      await runOther(cli, redoRun({ ...(await selectionOf(cli, flags)), ...runOptionsOf(flags) }))
    })
}
