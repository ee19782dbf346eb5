/** `partywall member add`: makes a user a member of a tenant. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { renderMember, userArgument, userQuestion } from './card.ts'

export function memberAdd(parent: Command, cli: Cli): void {
  parent
    .command('add')
    .description('make a user a member of a tenant')
    .argument(...tenantArgument)
    .argument(...userArgument)
    .option('--role <role>', 'owner, admin, member, or a role of the configuration or of the tenant (default: member)')
    .addHelpText('after', examples(['member add acme user-1 --role owner', 'the first user of a tenant']))
    .action(async (ref: string | undefined, user: string | undefined, { role }: { readonly role?: string }) => {
      const tenancy = await cli.tenancy()
      const { id, schema } = await tenancy.tenants.get(ref ?? (await cli.ask.required(tenantQuestion)))
      const member = await tenancy.members.add({ id }, user ?? (await cli.ask.required(userQuestion)), { role })
      cli.out.result({ ...member, schema }, () => renderMember({ ...member, schema }))
    })
}
