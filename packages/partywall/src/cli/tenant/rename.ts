/** `partywall tenant rename`: another name for the schema of a tenant, or for people. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { UsageError } from '../terminal/failure.ts'
import { renderMoved } from './moved.ts'

export function tenantRename(parent: Command, cli: Cli): void {
  parent
    .command('rename')
    .description('give the schema of a tenant another name; its id, tables, history and domains stay')
    .argument(...tenantArgument)
    .argument('[schema]', 'the new name of its schema')
    .option('--name <name>', 'the new name for people (default: it stays)')
    .addHelpText(
      'after',
      examples(
        ['tenant rename acme acme-inc', 'requests to the old name fail from then on'],
        ['tenant rename acme --name "Acme Inc."', 'only the name for people'],
      ),
    )
    .action(async (ref: string | undefined, schema: string | undefined, { name }: { readonly name?: string }) => {
      const { tenants } = await cli.tenancy()
      const tenant = ref ?? (await cli.ask.required(tenantQuestion))
      if (schema === undefined && name === undefined) {
        throw new UsageError('missing a new name: the argument <schema>, or --name', 'MISSING_ANSWER')
      }
      const renamed = await tenants.rename(tenant, { schema, name })
      cli.out.result(renamed, () => renderMoved(renamed))
    })
}
