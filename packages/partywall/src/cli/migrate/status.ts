/** `partywall migrate status`: how the schemas stand. Changes nothing. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../terminal/examples.ts'
import { statusDocument } from '../terminal/fleet-documents.ts'
import { refuseFlagsBefore, selectionOf, withSelection, type SelectionFlags } from './selection.ts'
import { renderStatuses } from './status-table.ts'

export function migrateStatus(parent: Command, cli: Cli): void {
  withSelection(parent.command('status'))
    .description('how the schemas stand: how many have which migration as their last one, and what is pending there')
    .optionsGroup('How:')
    .option('--verify', 'read the histories themselves, and tell where a digest says something else')
    .addHelpText(
      'after',
      examples(
        ['migrate status', 'a line for each last migration, with the number of schemas'],
        ['migrate status --json', 'every schema, for a program'],
        ['migrate status --verify', 'whether the histories are what their digests say'],
      ) + '\n\nThe exit code is 1 when a schema cannot be migrated as it stands; pending migrations alone are no failure.',
    )
    .action(async (flags: SelectionFlags & { readonly verify?: boolean }, command: Command) => {
      refuseFlagsBefore(command)
      const { migrations } = await cli.tenancy()
      const statuses = (await migrations.status({ ...selectionOf(flags), verify: flags.verify })).map(statusDocument)
      if (statuses.some(({ problem }) => problem !== undefined)) cli.fail()
      cli.out.result(statuses, () => renderStatuses(statuses))
    })
}
