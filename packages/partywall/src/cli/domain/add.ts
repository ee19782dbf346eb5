/** `partywall domain add`: gives a tenant one more host name. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { domainQuestion, examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { unreached } from '../context/reach.ts'
import { renderDomain } from './card.ts'

export function domainAdd(parent: Command, cli: Cli): void {
  parent
    .command('add')
    .description('add a host name to a tenant; its first one becomes primary')
    .argument(...tenantArgument)
    .argument('[domain]', 'the host name')
    .option('--primary', 'make it the primary one, in place of the current one')
    .addHelpText(
      'after',
      examples(
        ['domain add acme acme.example.com', 'one more host name'],
        ['domain add acme polls.acme.com --primary', 'the host name to link to'],
      ),
    )
    .action(async (ref: string | undefined, name: string | undefined, { primary }: { readonly primary?: boolean }) => {
      const tenancy = await cli.tenancy()
      const tenant = ref ?? (await cli.ask.required(tenantQuestion))
      const added = name ?? (await cli.ask.required(domainQuestion))
      const domain = await tenancy.domains.add(tenant, added, { primary })
      const { schema } = await tenancy.tenants.get({ id: domain.tenantId })
      cli.out.result({ ...domain, schema }, () => renderDomain({ ...domain, schema }))
      for (const line of await unreached(tenancy, [domain])) cli.out.say(line)
    })
}
