/** `partywall warm drop`: removes ready schemas, such as those of a kind that keeps none any more. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'

interface Flags {
  readonly kind?: string
}

export function warmDrop(parent: Command, cli: Cli): void {
  parent
    .command('drop')
    .description('drop the ready schemas; an application that keeps some makes new ones')
    .option('--kind <kind>', 'only those of this kind (default: all)')
    .addHelpText('after', examples(['warm drop', 'all of them'], ['warm drop --kind enterprise', 'those of one kind']))
    .action(async ({ kind }: Flags) => {
      const dropped = await (await cli.tenancy()).warm.drop({ kind })
      cli.out.result({ dropped }, () => `dropped ${dropped} ready ${dropped === 1 ? 'schema' : 'schemas'}`)
    })
}
