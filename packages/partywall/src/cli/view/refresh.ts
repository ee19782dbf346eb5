/** `partywall view refresh`: gives views the columns that the tables have now. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'

export function viewRefresh(parent: Command, cli: Cli): void {
  parent
    .command('refresh')
    .description('give views the columns that their tables have now, after migrations')
    .argument('[name]', 'the name of the view (default: all views)')
    .option('--schema <schema>', 'the schema of the view (default: fleet_views for one view, every schema for all)')
    .addHelpText('after', examples(['view refresh', 'all views, after migrate']))
    .action(async (name: string | undefined, { schema }: { readonly schema?: string }) => {
      const changed = await (await cli.tenancy()).views.refresh(name, { schema })
      if (changed.length === 0) cli.out.say('Every view has the columns of its table already.')
      cli.out.result(changed, () => changed.map((view) => `refreshed ${view.schema}.${view.name}`).join('\n'))
    })
}
