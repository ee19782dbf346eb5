/** `partywall domain verify`: looks for the TXT record of a claim, and adds the domain to its tenant when it is there. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { domainQuestion, examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { unreached } from '../context/reach.ts'
import { renderClaim } from './claim-card.ts'

export function domainVerify(parent: Command, cli: Cli): void {
  parent
    .command('verify')
    .description('look for the TXT record of a claim, and add the domain to the tenant when it is there')
    .argument(...tenantArgument)
    .argument('[domain]', 'the host name')
    .addHelpText('after', examples(['domain verify acme polls.acme.com', 'after the record was set']))
    .action(async (ref: string | undefined, name: string | undefined) => {
      const tenancy = await cli.tenancy()
      const claim = await tenancy.domains.verify(
        ref ?? (await cli.ask.required(tenantQuestion)),
        name ?? (await cli.ask.required(domainQuestion)),
      )
      cli.out.result(claim, () => renderClaim(claim))
      for (const line of await unreached(tenancy, [claim])) cli.out.say(line)
    })
}
