/** `partywall migrate status`: how every schema stands. Changes nothing. */
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { examples } from '../examples.ts'
import { statusDocument, type StatusDocument } from '../fleet-documents.ts'
import { refuseFlagsBefore, selectionOf, withSelection, type SelectionFlags } from '../migration-selection.ts'
import { table } from '../table.ts'

export function migrateStatus(parent: Command, cli: Cli): void {
  withSelection(parent.command('status'))
    .description('how the schemas stand: the last migration applied, and what is pending')
    .addHelpText(
      'after',
      examples(['migrate status', 'every schema'], ['migrate status --tenant acme --json', 'one tenant, for a program']) +
        '\n\nThe exit code is 1 when a schema cannot be migrated as it stands; pending migrations alone are no failure.',
    )
    .action(async (flags: SelectionFlags, command: Command) => {
      refuseFlagsBefore(command)
      await printStatus(cli, flags)
    })
}

/** Shared with `migrate --plan`. */
export async function printStatus(cli: Cli, flags: SelectionFlags): Promise<void> {
  const tenancy = await cli.tenancy()
  const statuses = (await tenancy.migrations.status(selectionOf(flags))).map(statusDocument)
  if (statuses.some(({ problem }) => problem !== undefined)) cli.fail()
  cli.out.result(statuses, () => render(statuses))
}

function render(statuses: readonly StatusDocument[]): string {
  return table(
    ['target', 'head', 'applied', 'pending', 'problem'],
    statuses.map(({ target, head, applied, pending, problem }) => [
      target,
      head ?? 'none',
      applied,
      pending.length <= 3 ? pending.join(', ') || '-' : `${pending.slice(0, 2).join(', ')} and ${pending.length - 2} more`,
      problem && `${problem.code}: ${problem.message}`,
    ]),
  )
}
