/** `partywall domain add`: one more host name that leads to a tenant. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples } from '../terminal/examples.ts'
import { pairs } from '../terminal/table.ts'

export function domainAdd(parent: Command, cli: Cli): void {
  parent
    .command('add')
    .description('add a host name to a tenant; its first one becomes primary')
    .argument('[tenant]', 'its schema, its id or one of its domains')
    .argument('[domain]', 'the host name')
    .option('--primary', 'make it the primary one, in the place of the other')
    .addHelpText(
      'after',
      examples(
        ['domain add acme acme.example.com', 'one more'],
        ['domain add acme polls.acme.com --primary', 'the one to link to'],
      ),
    )
    .action(async (ref: string | undefined, name: string | undefined, { primary }: { readonly primary?: boolean }) => {
      const tenancy = await cli.tenancy()
      const tenant = ref ?? (await cli.ask.required({ missing: 'the argument <tenant>', question: 'Tenant' }))
      const wanted = name ?? (await cli.ask.required({ missing: 'the argument <domain>', question: 'Domain' }))
      const domain = await tenancy.domains.add(tenant, wanted, { primary })
      const { schema } = await tenancy.tenants.get({ id: domain.tenantId })
      cli.out.result({ ...domain, schema }, () =>
        pairs([
          ['domain', domain.domain],
          ['tenant', schema],
          ['primary', domain.isPrimary ? 'yes' : 'no'],
        ]),
      )
    })
}
