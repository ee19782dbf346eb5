/** `partywall domain release`: gives up a claim. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { domainQuestion, examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'

export function domainRelease(parent: Command, cli: Cli): void {
  parent
    .command('release')
    .description('give up a claim; a domain that was proven stays until domain remove')
    .argument(...tenantArgument)
    .argument('[domain]', 'the host name')
    .addHelpText('after', examples(['domain release acme polls.acme.com', 'it is not checked again']))
    .action(async (ref: string | undefined, name: string | undefined) => {
      const tenancy = await cli.tenancy()
      const tenant = ref ?? (await cli.ask.required(tenantQuestion))
      const domain = name ?? (await cli.ask.required(domainQuestion))
      await tenancy.domains.release(tenant, domain)
      cli.out.result({ released: domain }, () => `The claim of ${domain} was given up.`)
    })
}
