/** `partywall domain claim`: claims a host name for a tenant, which its customer then proves by a TXT record. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { domainQuestion, examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { renderClaim } from './claim-card.ts'

export function domainClaim(parent: Command, cli: Cli): void {
  parent
    .command('claim')
    .description('claim a host name for a tenant, which its customer then proves by a TXT record')
    .argument(...tenantArgument)
    .argument('[domain]', 'the host name')
    .addHelpText('after', examples(['domain claim acme polls.acme.com', 'then set the record, and call domain verify']))
    .action(async (ref: string | undefined, name: string | undefined) => {
      const tenancy = await cli.tenancy()
      const claim = await tenancy.domains.claim(
        ref ?? (await cli.ask.required(tenantQuestion)),
        name ?? (await cli.ask.required(domainQuestion)),
      )
      cli.out.result(claim, () => renderClaim(claim))
    })
}
