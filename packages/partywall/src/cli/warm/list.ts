/** `partywall warm list`: how many schemas are ready for new tenants. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { warmTable } from './warm-table.ts'

export function warmList(parent: Command, cli: Cli): void {
  parent
    .command('list')
    .description('say for each kind how many schemas are ready for new tenants')
    .addHelpText('after', examples(['warm list', 'all kinds'], ['warm list --json', 'for a program']))
    .action(async () => {
      const kinds = await (await cli.tenancy()).warm.list()
      if (kinds.length === 0) cli.out.say('No kind keeps ready schemas. Kinds get them with the option "warm".')
      cli.out.result(kinds, () => (kinds.length === 0 ? '' : warmTable(kinds)))
    })
}
