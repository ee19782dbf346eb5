/** `partywall view drop`: removes a view over all tenants. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { viewQuestion } from './name.ts'

export function viewDrop(parent: Command, cli: Cli): void {
  parent
    .command('drop')
    .description('drop a view over all tenants; the tables of the tenants stay as they are')
    .argument('[name]', 'the name of the view')
    .option('--schema <schema>', 'the schema of the view (default: fleet_views)')
    .addHelpText('after', examples(['view drop all_projects', 'one view']))
    .action(async (name: string | undefined, { schema }: { readonly schema?: string }) => {
      const tenancy = await cli.tenancy()
      const which = name ?? (await cli.ask.required(viewQuestion))
      await tenancy.views.drop(which, { schema })
      cli.out.result({ dropped: which }, () => `dropped the view ${which}`)
    })
}
