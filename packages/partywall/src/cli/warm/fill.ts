/** `partywall warm fill`: makes what the option `warm.size` asks for. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { warmTable } from './warm-table.ts'

export function warmFill(parent: Command, cli: Cli): void {
  parent
    .command('fill')
    .description('make the ready schemas that kinds lack, as the option "warm.size" says')
    .addHelpText('after', examples(['warm fill', 'after a deploy, before many tenants sign up']))
    .action(async () => {
      const filled = await (await cli.tenancy()).warm.fill()
      if (filled.some(({ unusable }) => unusable !== undefined)) cli.fail()
      if (filled.length === 0) cli.out.say('No kind keeps ready schemas. Kinds get them with the option "warm".')
      cli.out.result(filled, () => (filled.length === 0 ? '' : warmTable(filled)))
    })
}
