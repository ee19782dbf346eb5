/** `partywall view list`: the views over all tenants, and which roles may read them. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { table } from '../terminal/table.ts'

export function viewList(parent: Command, cli: Cli): void {
  parent
    .command('list')
    .description('list the views over all tenants, and the roles that may read them')
    .addHelpText('after', examples(['view list', 'all views'], ['view list --json', 'for a program']))
    .action(async () => {
      const views = await (await cli.tenancy()).views.list()
      if (views.length === 0) cli.out.say('There are no views over all tenants. `partywall view create` makes one.')
      cli.out.result(views, () =>
        views.length === 0
          ? ''
          : table(
              ['view', 'table', 'kinds', 'columns', 'readers'],
              views.map(({ schema, name, table: of, kinds, columns, readers }) => [
                `${schema}.${name}`,
                of,
                kinds?.join(', ') ?? 'every kind',
                String(columns.length + 2),
                readers.join(', '),
              ]),
            ),
      )
    })
}
