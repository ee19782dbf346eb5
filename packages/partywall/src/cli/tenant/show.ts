/** `partywall tenant show`: all that is known of one tenant. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../terminal/examples.ts'
import { renderCard, tenantCard } from './card.ts'

export function tenantShow(parent: Command, cli: Cli): void {
  parent
    .command('show')
    .description('show one tenant, with its domains and how far it is migrated')
    .argument('[tenant]', 'its schema, its id or one of its domains')
    .addHelpText(
      'after',
      examples(['tenant show acme', 'by schema'], ['tenant show acme.example.com --json', 'by domain, for a program']),
    )
    .action(async (ref: string | undefined) => {
      const tenancy = await cli.tenancy()
      const tenant = await tenancy.tenants.get(
        ref ?? (await cli.ask.required({ missing: 'the argument <tenant>', question: 'Tenant' })),
      )
      const card = await tenantCard(tenancy, tenant)
      cli.out.result(card, () => renderCard(card))
    })
}
