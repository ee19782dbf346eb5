/** `partywall domain remove`: takes a host name from a tenant, so that it leads to none. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { parseDomain } from '../../names/domain-name.ts'
import { domainQuestion, examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'

export function domainRemove(parent: Command, cli: Cli): void {
  parent
    .command('remove')
    .description('remove a host name from a tenant; the primary one only when it is the last')
    .argument(...tenantArgument)
    .argument('[domain]', 'one of its host names')
    .addHelpText('after', examples(['domain remove acme old.acme.com', 'the host name leads to no tenant any more']))
    .action(async (ref: string | undefined, name: string | undefined) => {
      const tenancy = await cli.tenancy()
      const { id: tenantId, schema } = await tenancy.tenants.get(ref ?? (await cli.ask.required(tenantQuestion)))
      const domain = parseDomain(name ?? (await cli.ask.required(domainQuestion)))
      await tenancy.domains.remove({ id: tenantId }, domain)
      cli.out.result({ domain, tenantId, schema }, () => `removed ${domain} from ${schema}`)
    })
}
