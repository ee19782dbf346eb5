/** `partywall tenant show`: one tenant with its domains and migrations. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { renderCard, tenantCard } from './card.ts'

export function tenantShow(parent: Command, cli: Cli): void {
  parent
    .command('show')
    .description('show one tenant, its domains and the state of its migrations')
    .argument(...tenantArgument)
    .addHelpText(
      'after',
      examples(['tenant show acme', 'by schema'], ['tenant show acme.example.com --json', 'by domain, for a program']),
    )
    .action(async (ref: string | undefined) => {
      const tenancy = await cli.tenancy()
      const tenant = await tenancy.tenants.get(ref ?? (await cli.ask.required(tenantQuestion)))
      const card = await tenantCard(tenancy, tenant)
      cli.out.result(card, () => renderCard(card))
    })
}
