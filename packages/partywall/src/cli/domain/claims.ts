/** `partywall domain claims`: the claims of a tenant. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { table } from '../terminal/table.ts'
import { stateOfClaim } from './claim-card.ts'

export function domainClaims(parent: Command, cli: Cli): void {
  parent
    .command('claims')
    .description('list the claims of a tenant')
    .argument(...tenantArgument)
    .addHelpText('after', examples(['domain claims acme', 'which are proven, and which records are to be set']))
    .action(async (ref: string | undefined) => {
      const tenancy = await cli.tenancy()
      const claims = await tenancy.domains.claims(ref ?? (await cli.ask.required(tenantQuestion)))
      cli.out.result({ claims }, () =>
        table(
          ['domain', 'state', 'record', 'value'],
          claims.map((claim) => [claim.domain, stateOfClaim(claim), claim.record.name, claim.record.value]),
        ),
      )
    })
}
