/** `partywall files recount`: compares the count with the store, after another program has changed files. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { usageOfEach } from './usage-table.ts'

export function filesRecount(parent: Command, cli: Cli): void {
  parent
    .command('recount')
    .description('compare the count of the files with the store, and correct it')
    .argument('[tenant]', 'its schema, its id or one of its domains (default: every active tenant)')
    .addHelpText(
      'after',
      examples(['files recount acme', 'after another program has changed its files'], ['files recount', 'all']),
    )
    .action((ref: string | undefined) => usageOfEach(cli, ref, (files, tenant) => files.recount(tenant)))
}
