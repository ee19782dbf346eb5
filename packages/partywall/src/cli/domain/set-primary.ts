/** `partywall domain set-primary`: chooses the host name of a tenant that links lead to. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { domainQuestion, examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { renderDomain } from './card.ts'

export function domainSetPrimary(parent: Command, cli: Cli): void {
  parent
    .command('set-primary')
    .description('make a host name of a tenant its primary one, in place of the current one')
    .argument(...tenantArgument)
    .argument('[domain]', 'one of its host names')
    .addHelpText('after', examples(['domain set-primary acme polls.acme.com', 'the host name to link to']))
    .action(async (ref: string | undefined, name: string | undefined) => {
      const tenancy = await cli.tenancy()
      const tenant = ref ?? (await cli.ask.required(tenantQuestion))
      const domain = await tenancy.domains.setPrimary(tenant, name ?? (await cli.ask.required(domainQuestion)))
      const { schema } = await tenancy.tenants.get({ id: domain.tenantId })
      cli.out.result({ ...domain, schema }, () => renderDomain({ ...domain, schema }))
    })
}
