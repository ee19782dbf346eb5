/** `partywall tenant show`: one tenant with its domains and migrations. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { UsageError } from '../terminal/failure.ts'
import { renderCard, tenantCard } from './card.ts'

export function tenantShow(parent: Command, cli: Cli): void {
  parent
    .command('show')
    .description('show one tenant, its domains and the state of its migrations')
    .argument(...tenantArgument)
    .option('--external-id <id>', 'the tenant with this key in another system, in place of the argument (default: none)')
    .addHelpText(
      'after',
      examples(['tenant show acme', 'by schema'], ['tenant show acme.example.com --json', 'by domain, for a program']),
    )
    .action(async (ref: string | undefined, { externalId }: { readonly externalId?: string }) => {
      if (ref !== undefined && externalId !== undefined)
        throw new UsageError('name the tenant by the argument or by --external-id, not by both')
      const tenancy = await cli.tenancy()
      const tenant = await tenancy.tenants.get(
        externalId === undefined ? (ref ?? (await cli.ask.required(tenantQuestion))) : { externalId },
      )
      const card = await tenantCard(tenancy, tenant)
      cli.out.result(card, () => renderCard(card))
    })
}
