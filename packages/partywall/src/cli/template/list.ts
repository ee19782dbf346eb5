/** `partywall template list`: the templates, and why tenants are not made from some of them. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../context/declarations.ts'
import { table } from '../terminal/table.ts'

export function templateList(parent: Command, cli: Cli): void {
  parent
    .command('list')
    .description('list the templates: those of kinds, and those that were saved')
    .addHelpText('after', examples(['template list', 'all templates'], ['template list --json', 'for a program']))
    .action(async () => {
      const templates = await (await cli.tenancy()).templates.list()
      if (templates.length === 0) cli.out.say('There are no templates. Kinds get them with the option "migrations.template".')
      cli.out.result(templates, () =>
        templates.length === 0
          ? ''
          : table(
              ['name', 'kind', 'schema', 'rows', 'state'],
              templates.map(({ name, kind, schema, rows, unusable }) => [
                name ?? '',
                kind,
                schema,
                rows.join(', '),
                unusable === undefined ? 'usable' : `not used: ${unusable}`,
              ]),
            ),
      )
    })
}
