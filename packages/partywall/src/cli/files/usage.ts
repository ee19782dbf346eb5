/** `partywall files usage`: what the files of each tenant take. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { usageOfEach } from './usage-table.ts'

export function filesUsage(parent: Command, cli: Cli): void {
  parent
    .command('usage')
    .description('show what the files of tenants take, and what they may take')
    .argument('[tenant]', 'its schema, its id or one of its domains (default: every active tenant)')
    .addHelpText('after', examples(['files usage', 'every active tenant'], ['files usage acme --json', 'one, for a program']))
    .action((ref: string | undefined) => usageOfEach(cli, ref, (files) => files.usage()))
}
